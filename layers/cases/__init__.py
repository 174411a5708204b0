"""Open cases as symbols of their state."""
