"""The web page: everything reads without a script; htmx and server-sent events keep it fresh."""
