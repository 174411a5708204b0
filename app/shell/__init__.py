"""Stations and the bridge between runtime and Qt. May import all below: widgets down to domain."""
