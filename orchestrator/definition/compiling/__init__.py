"""From what was written to nodes: contracts are read, every message is filled, all is checked."""
