"""Problems and texts in many layouts, brought into one.

Comes in: a data set of the configuration, in files, on the hub or generated. Goes out: the corpus
artefact, one row per problem and language. Uses artifacts.
"""
