"""Tables and files on disk: Parquet with a format and provenance, whole or not at all.

In: rows, arrays and tensors of any stage. Out: artefacts, the finished cells of long jobs, how far
a job is, and digests of code and inputs. Uses no other room.
"""
