#!/bin/sh
# Prints the first Python that is 3.11 or later and can make a virtual environment.
# 3.11 comes first because the lock and the tests are made with it.
for name in python3.11 python3.12 python3.13 python3.14 python3 python; do
    if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        command -v "$name"
        exit 0
    fi
done
echo "No Python 3.11 or later with the venv module was found. Install one (Debian: python3 and python3-venv)," >&2
echo "or name it: make PYTHON=/path/to/python3.12 ..." >&2
# Make goes on with an empty answer, so give it a name that explains itself when it fails.
echo "python-3.11-or-later-is-missing"
