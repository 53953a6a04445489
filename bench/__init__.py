"""Measurements of this site against simpler ways to do the same, as ratios. Run by `make bench`, which takes minutes.

Each module but the common ones (`results`, `machine`, `corpus`) measures one part of the site on one database and is a
process of its own: `python -m bench.loading`. `python -m bench` runs them all on both databases, prints a table and
writes `bench/results.json` and `docs/performance.md`.
"""
