"""Projects and data files: what QGIS thinks of them, and a project as a base map."""

import zipfile
from pathlib import Path

from qgis import core

from app.engines.qgis_worker.layers import geopackage_uri
from app.engines.qgis_worker.wire import Refused

MOST_PROJECT = 64 << 20  # bytes of a project's XML


def open_base_project(path):
    """Open a project for drawing alone: its macros and actions are never run, layouts not read."""
    if path.suffix.lower() == ".qgz":
        check_archive(path)
    project = core.QgsProject()
    flags = core.QgsProject.ReadFlags(core.QgsProject.FlagDontLoadLayouts)
    if not project.read(str(path), flags):
        said = project.error()
        project.clear()
        raise Refused("invalid", f"QGIS cannot read {path.name}: {said}", "address")
    report = project_sanity(project, path)
    root = project.layerTreeRoot()
    visible = [
        one for one in root.layerOrder() if root.findLayer(one) and root.findLayer(one).isVisible()
    ]
    layers = [layer for layer in reversed(visible) if layer.isValid()]
    if not layers:
        project.clear()
        missing = ", ".join(report["missing"][:5])
        why = f" These are missing: {missing}." if missing else ""
        raise Refused("invalid", f"No layer of {path.name} can be drawn.{why}", "address")
    return {"layers": layers, "project": project, "report": report}


def check_archive(path):
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
            inner = [info.filename for info in archive.infolist()]
    except (zipfile.BadZipFile, OSError) as error:
        raise Refused("invalid", f"{path.name} is no QGIS project: {error}", "address") from error
    if size > MOST_PROJECT or not any(name.endswith(".qgs") for name in inner):
        raise Refused("invalid", f"{path.name} is no QGIS project, or too large.", "address")


def project_sanity(project, path):
    """Say which layers are missing, which files lie outside the project's folder, macros."""
    layers = project.mapLayers().values()
    outside = []
    for layer in layers:
        decoded = core.QgsProviderRegistry.instance().decodeUri(
            layer.providerType() if hasattr(layer, "providerType") else "", layer.source()
        )
        source = Path(decoded.get("path") or "")
        if source.is_absolute() and path.parent not in source.parents:
            outside.append(str(source))
    return {
        "layers": [layer.name() for layer in layers],
        "missing": sorted(layer.name() for layer in layers if not layer.isValid()),
        "outside": sorted(set(outside)),
        "macros": bool(project.readEntry("Macros", "/pythonCode", "")[0].strip()),
    }


def open_project(path):
    """Report each layer of a project (.qgz, .qgs) or data file, opened and read from."""
    if not path.is_file():
        raise Refused("not_found", f"The file {path} does not exist.", "path")
    if path.suffix in (".qgz", ".qgs"):
        return project_record(path)
    sublayers = core.QgsProviderRegistry.instance().querySublayers(str(path))
    if not sublayers:
        raise Refused("invalid", f"QGIS finds no layer in {path.name}.", "path")
    layers = []
    for sub in sublayers:
        uri = geopackage_uri(path, sub.name()) if path.suffix == ".gpkg" else sub.uri()
        layer = core.QgsVectorLayer(uri, sub.name(), sub.providerKey())
        layers.append(layer_record(layer))
    return {"path": str(path), "layers": layers, "layouts": []}


def project_record(path):
    project = core.QgsProject()
    try:
        if not project.read(str(path)):
            raise Refused("invalid", f"QGIS cannot read {path.name}: {project.error()}", "path")
        layers = [layer_record(layer) for layer in project.mapLayers().values()]
        layouts = [layout.name() for layout in project.layoutManager().layouts()]
        return {"path": str(path), "layers": layers, "layouts": layouts}
    finally:
        project.clear()


def layer_record(layer):
    record = {
        "name": layer.name(),
        "provider": layer.providerType() if hasattr(layer, "providerType") else "",
        "valid": layer.isValid(),
        # QgsError.summary() of an empty error reads past its list and crashes
        "error": "" if layer.error().isEmpty() else layer.error().summary(),
        "crs": layer.crs().authid(),
        "geometry": "",
        "features": -1,
        "first_feature_read": False,
        "spatial_index": False,
        "extent": None,
    }
    if isinstance(layer, core.QgsVectorLayer) and layer.isValid():
        extent = layer.extent()
        record["geometry"] = core.QgsWkbTypes.displayString(layer.wkbType())
        record["features"] = layer.featureCount()
        record["first_feature_read"] = any(True for _ in layer.getFeatures())
        record["spatial_index"] = layer.hasSpatialIndex() == 2
        if not extent.isNull():
            sides = (extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum())
            record["extent"] = list(sides)
    return record
