"""Parts: density far away, dots nearer."""
