"""Files that `saga init` writes, as text with `$names` in it (string.Template)."""
