"""What is selected: a ring and a chip with its name."""
