"""Problems and texts in many layouts, converted to one.

In: a data set of the configuration, in files, on the hub or generated. Out: the corpus artefact,
one row per problem and language. Uses artifacts.
"""
