"""What should happen: one file per saga, nothing but its definition."""
