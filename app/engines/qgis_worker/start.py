"""Starts the QGIS process: renders, prints and opens projects, apart from the desk.

Run by path with Debian's own `python3 -I`, because PyQGIS is PyQt on Qt 5 and its crash must not
reach the desk. Argument: the number of an inherited Unix seqpacket socket.
"""

import importlib
import socket
import sys
import types
from pathlib import Path

PACKAGE = "app.engines.qgis_worker"


def stand_in():
    """Make the parts beside this file importable by their full name, and nothing else of `app`."""
    for name, path in (("app", []), ("app.engines", []), (PACKAGE, [str(Path(__file__).parent)])):
        module = types.ModuleType(name)
        module.__path__ = path
        sys.modules[name] = module


def main():
    stand_in()
    wire = importlib.import_module(f"{PACKAGE}.wire").Wire(socket.socket(fileno=int(sys.argv[1])))
    try:
        loop = importlib.import_module(f"{PACKAGE}.loop")
    except ImportError as error:
        wire.send({"event": "missing", "reason": str(error)})
        return 3
    return loop.serve(wire)


if __name__ == "__main__":
    sys.exit(main())
