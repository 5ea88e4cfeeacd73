"""Contiguous phases of the layers, and whether they are the ones the paper describes.

In: typed neurons and activation counts. Out: the phases, layers, support and expectations
artefacts. Uses artifacts, activations, neurons and uncertainty.
"""
