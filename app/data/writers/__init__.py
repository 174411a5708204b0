"""Writing a city out as GeoJSON, CSV, GeoPackage and Excel. Imports domain and data only."""
