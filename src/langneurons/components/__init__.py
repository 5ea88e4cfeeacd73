"""What neurons of components do (METHOD 8): switched off by stage, or trained alone.

In: a model, the neurons of its components or of a method, and texts. Out: the NLL of each problem
with a language's neurons off, by component and stage of the layers, or after training of nothing
else; and their summaries. Uses artifacts, interventions, models, neurons and responses.
"""
