"""The one search and the geocoder: an index over areas, roads, places and addresses.

Built from a `GazetteerSource`, kept as NumPy arrays in a folder, opened memory-mapped. Imports
domain and services' views only; `app.assembly` brings it together with the data.
"""
