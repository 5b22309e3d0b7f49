"""What people write: the words of a definition, and what they give before it is compiled."""
