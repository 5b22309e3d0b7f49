"""Talks to any participant over Kafka as the orchestrator would, and says what it gets wrong.

The rules are those of docs/protocol.md; docs/conformance.md says how to run it.
"""
