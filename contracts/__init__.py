"""The language on the wire: commands, replies, events, topics and the envelope."""
