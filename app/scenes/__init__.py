"""Scenes: data, rules, workflow, map and panel for one concern. May import services and domain.

A scene describes what its panel shows; widgets draw it. The first scene is the city at large,
with the six dimensions of its vital signs.
"""

from __future__ import annotations

from app.domain.signs import DIMENSIONS

__all__ = ["DIMENSIONS"]
