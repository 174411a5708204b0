"""Unified addresses 统一地名地址: reading, writing, the register and its change requests."""
