"""How far a number would move with other data: every bootstrap and interval of the package.

Comes in: statistics of replicates and counts, as plain arrays. Goes out: draws and 95 % intervals.
Uses no other room.
"""
