"""Ground, land, green and water."""
