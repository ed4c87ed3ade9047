"""Benchmarks: what Troth does, against raw baselines of the same run. `make bench`, or `python -m benchmarks --help`."""
