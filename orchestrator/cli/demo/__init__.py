"""`saga demo`: plays the scenario of any application, and holds what happened against its tables."""
