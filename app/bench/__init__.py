"""Benchmarks of the promises: ours and the limit's (or a peer's) in one run, and the ratio.

Beside the command line and the samples; `app.main` gives each a city to work on.
"""
