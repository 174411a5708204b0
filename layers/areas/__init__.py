"""Outlines of districts, streets and grids."""
