"""How much a sub-layer's output changes when one neuron is switched off, in closed form (METHOD 8).

In: a model, with its MLPs and attention, and the tokens of texts. Out: for each component, in how
many texts of a language each neuron is among its layer's most important. Uses artifacts,
activations, models and responses.
"""
