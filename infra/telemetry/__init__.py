"""Traces and metrics: names in one place, exported by the standards."""
