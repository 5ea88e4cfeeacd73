"""Which published findings hold for a model, and for an alignment: a verdict each (METHOD 10).

In: numbers of neurons in draws of the texts, phases, and what comparison, retrieval, deactivation
(by component, too) and sharing measured. Out: the claims artefacts. Uses artifacts, comparison,
components, interventions, neurons, phases, retrieval, sharing and uncertainty.
"""
