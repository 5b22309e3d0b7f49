"""`saga demo`: plays the scenario of any application and compares it with its tables."""
