"""Who does the work: participants, each its own consumer with its own database."""
