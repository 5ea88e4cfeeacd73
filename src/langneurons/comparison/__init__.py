"""Before against after alignment, and one data set against another (METHOD 4).

Comes in: the neurons, phases or responses of two models. Goes out: tables of changes, overlap and
transitions. Uses artifacts, neurons, phases, responses and uncertainty.
"""
