"""Which of the paper's findings hold for a model, and for an alignment: a verdict each (METHOD 10).

In: activation counts, phases, and what comparison, retrieval and deactivation measured. Out: the
claims artefacts. Uses activations, artifacts, comparison, interventions, neurons, phases, retrieval
and uncertainty.
"""
