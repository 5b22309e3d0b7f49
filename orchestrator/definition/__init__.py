"""What a saga is: nodes, retries and compensation, as plain data. Pure."""
