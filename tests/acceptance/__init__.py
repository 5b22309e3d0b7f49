"""The product as a user meets it: the `saga` command in processes of its own."""
