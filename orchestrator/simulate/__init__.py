"""`saga simulate`: how often a saga is done in time, computed by running it on the real engine and
a virtual clock.
"""
