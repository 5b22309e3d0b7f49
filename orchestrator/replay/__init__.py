"""Getting one store back from the other: rebuild, refill, redrive (DESIGN law 14)."""
