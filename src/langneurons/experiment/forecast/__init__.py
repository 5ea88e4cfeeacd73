"""What a run is about to do, said at its start: what each model reads and writes, and how long.

Unlike the rest of the room this reads tables and measures the machine. A run imports it once, when
its first job is about to start; planning, which every cluster job does, does not.
"""
