"""Checks a definition before it runs: explores, on the real engine, everything that can happen."""
