"""The sample city 示意: its map, people, cases and shift, made from a seed.

May import everything below `app.shell`; nothing but `app.main` imports it.
"""
