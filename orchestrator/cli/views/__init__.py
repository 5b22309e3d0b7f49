"""How facts look on a terminal: a view takes facts and returns what rich prints."""
