"""How facts look on a terminal. A view takes facts and returns what rich prints; it looks up nothing."""
