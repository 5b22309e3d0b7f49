"""Orders that are led through a lifecycle: received, validated, reviewed, paid, shipped.

``handlers`` and ``followers`` register what they do with the participant.
"""
