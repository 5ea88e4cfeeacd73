"""Comparison of models before and after alignment, of data sets, and of methods (METHOD 4).

In: the counts, phases or responses of two models. Out: tables of changes, overlap and
transitions. Uses activations, artifacts, neurons, phases, responses and uncertainty.
"""
