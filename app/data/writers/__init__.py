"""Writing a city out as GeoJSON, CSV, GeoPackage and Excel. Imports domain and data only."""

from __future__ import annotations

from app.data.writers.export import Progress, write

__all__ = ["Progress", "write"]
