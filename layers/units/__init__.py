"""Live units: people and vehicles that move."""
