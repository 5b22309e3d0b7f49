"""Plumbing that knows no business: broker, datastore, logging, telemetry, deployment files."""
