"""Names on the map that never collide."""
