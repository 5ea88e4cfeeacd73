"""How far a number would move with other data: every bootstrap and interval in the package.

In: statistics of replicates and counts, as plain arrays. Out: draws and 95 % intervals. Uses no
other room.
"""
