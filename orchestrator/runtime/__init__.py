"""Kafka in and out: ownership, the order of law 2, timers and recovery."""
