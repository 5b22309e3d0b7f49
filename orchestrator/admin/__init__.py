"""The HTTP API of the orchestrator."""
