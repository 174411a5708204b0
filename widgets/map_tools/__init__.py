"""Tools of the map, one a file, over one protocol (`tool.Tool`): draw, measure, box, lasso."""
