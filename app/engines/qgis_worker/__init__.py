"""The QGIS process, in parts; Debian's Python runs it: standard library, qgis and GDAL alone.

The parts name each other in full, as our tools see them. In that process `start.py` puts empty
packages in the place of `app` and `app.engines`, so that nothing else of ours can be had there.
"""
