"""Which neurons belong to which languages: methods, types, masks and sets.

In: activation probabilities. Out: the neurons and summary artefacts, mask files, and sets of
neurons with their random controls. Uses artifacts and activations.
"""
