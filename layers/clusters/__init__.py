"""Clusters of cases that count right."""
