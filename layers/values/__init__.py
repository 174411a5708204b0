"""Areas filled by a value: open cases, a sign."""
