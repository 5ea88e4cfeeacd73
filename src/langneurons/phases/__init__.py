"""Contiguous phases of the layers, and whether they are those that the paper describes.

Comes in: typed neurons and activation counts. Goes out: the phases, layers, support and
expectations artefacts. Uses artifacts, activations, neurons and uncertainty.
"""
