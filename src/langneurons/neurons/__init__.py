"""Which neurons belong to which languages, and how sure that is: methods, types, masks and sets.

In: activation probabilities and counts. Out: the neurons and summary artefacts, how stable both are
in draws of the texts, how they react to the settings and what becomes of them on letters alone,
mask files, and sets of neurons with their random controls. Uses artifacts, activations, corpora
and uncertainty.
"""
