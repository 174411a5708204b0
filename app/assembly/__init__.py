"""The composition root in parts: what `app.main` hands to the command line.

May import everything; only `app.main` (and tests) import it. What is heavy is imported where it is
needed, so that `case list` starts without Qt, numba or pandas.
"""
