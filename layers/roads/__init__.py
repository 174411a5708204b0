"""Roads and metro lines, wide by kind and scale."""
