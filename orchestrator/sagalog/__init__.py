"""The SQLite saga log: schema, named queries and the store."""
