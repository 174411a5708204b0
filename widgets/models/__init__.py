"""Adapt the store to Qt. May import Qt, the store, services and domain."""
