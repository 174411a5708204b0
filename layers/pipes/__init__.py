"""Pipes and cables under the streets."""
