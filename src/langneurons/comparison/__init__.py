"""Comparison of models before and after alignment, and of data sets (METHOD 4).

In: the counts, phases or responses of two models. Out: tables of changes, overlap and
transitions. Uses activations, artifacts, neurons, phases, responses and uncertainty.
"""
