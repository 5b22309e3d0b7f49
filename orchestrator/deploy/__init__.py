"""What a new version would mean for the sagas that run, and how it is let in: `saga deploy`."""
