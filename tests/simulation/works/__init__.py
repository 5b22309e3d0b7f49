"""A participant whose outcomes follow from the seed, with a table of every effect it ever had."""
