"""Which neurons belong to which languages, and how sure that is: methods, types, masks and sets.

In: activation probabilities and counts. Out: the neurons and summary artefacts, how stable both are
in draws of the texts and how they react to the settings, mask files, and sets of neurons with their
random controls. Uses artifacts, activations and uncertainty.
"""
