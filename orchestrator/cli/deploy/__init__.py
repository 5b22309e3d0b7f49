"""`saga deploy`: what a new version would mean for what runs, and how it is let in."""
