# Every target sets up what it needs. Only make and Python 3.11 or later must be there before.
PYTHON ?= $(shell sh scripts/find_python.sh)
BIN := .venv/bin
PY := $(BIN)/python
# pytest keeps the tests compiled, also where Python is told to write no bytecode: compiling them takes longer than many run.
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONDONTWRITEBYTECODE=
WORKERS ?= 2
DATA ?= demo-data
PORT ?= 8080

.DEFAULT_GOAL := help
.PHONY: help setup setup-core outside lock compiled test quick lint format types contracts docs-test clauses migrations-test \
	check bench demo run clean

help:  ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' Makefile

setup:  ## Virtual environment .venv with everything for development
	@"$(PYTHON)" scripts/setup.py dev

setup-core:  ## Virtual environment .venv with only what running Troth needs
	@"$(PYTHON)" scripts/setup.py core

outside:  ## Browsers, Node.js, an IMAP server, a mail server, MariaDB and Java for tests, from Debian's packages where they are missing
	@"$(PYTHON)" scripts/outside.py

lock:  ## Pin every dependency with its hashes again (asks the package index)
	@"$(PYTHON)" scripts/lock.py

demo: setup-core  ## Serve the reference vendor's site, Troth behind it (DATA=folder PORT=number)
	@$(PY) -m examples.vendor --data "$(DATA)" --port $(PORT)

run: setup-core  ## Serve the folder DATA on PORT
	@$(BIN)/troth serve --data "$(DATA)" --port $(PORT)

# Tests start the program some thousand times: where Python writes no bytecode by itself, each start would compile it anew.
compiled: setup
	@$(PY) -m compileall -q src examples

test: setup outside compiled  ## All tests, SQLite and PostgreSQL, quick ones first
	@$(RUN) $(PY) -m pytest -n $(WORKERS) --maxschedchunk 8 $(ARGS)

# What serves pages, starts the program or stands in for the outside is left out, unless ARGS names it.
WHOLE := adapters bootstrap clauses cli clients connectors contract examples faults harness web
ROOMS = $(if $(findstring tests/,$(ARGS)),,$(WHOLE:%=--ignore=tests/%))

# Their stores stand in memory where it has a place for files (they need 17 MB a worker): on a disk they wait for it longer than they work.
MEMORY = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 200000 { print "/dev/shm" }')
quick: setup compiled  ## Each room's own tests, SQLite only: about a minute; ARGS=tests/web for the quick ones of another folder
	@$(RUN) HYPOTHESIS_PROFILE=quick PYTEST_DEBUG_TEMPROOT=$(MEMORY) \
	$(PY) -m pytest -o tmp_path_retention_policy=failed -n $(WORKERS) --maxschedchunk 8 -m "not slow and not postgresql and not migrations" $(ROOMS) $(ARGS)

lint: setup  ## Ruff, sizes of files and functions, words and paths that may not stand in the tree
	@failed=0; \
	$(BIN)/ruff check --quiet --output-format concise . || failed=1; \
	$(BIN)/ruff format --quiet --check --output-format concise . || failed=1; \
	$(PY) scripts/check_sizes.py || failed=1; \
	$(PY) scripts/check_words.py || failed=1; \
	exit $$failed

format: setup  ## Put the code in the house's form
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: setup  ## mypy, strict
	@$(BIN)/mypy src/troth tests scripts examples $(if $(wildcard benchmarks/*.py),benchmarks)

contracts: setup  ## Who may import whom: layers, purity, front doors
	@failed=0; $(BIN)/lint-imports --no-logo || failed=1; $(PY) scripts/check_doors.py || failed=1; exit $$failed

docs-test: setup outside compiled  ## Run the examples in README.md and docs/
	@$(RUN) $(PY) scripts/docs_examples.py

clauses: setup  ## The clause table: what enforces each clause and which test proves it
	@$(PY) scripts/clauses.py

migrations-test: setup outside  ## Schema migrations up, down and up again on both engines
	@$(RUN) $(PY) -m pytest -q -m migrations $(ARGS)

check: lint types contracts test docs-test clauses  ## Everything that must be green before a commit lands

bench: setup  ## Benchmarks, with the raw baselines of the same run
	@$(RUN) $(PY) -m benchmarks $(ARGS)

clean:  ## Remove caches and built things (not data, not .venv)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
