"""How often, and how strongly, each neuron is active over the responses in a language.

In: a model and the tokens of responses, or published counts. Out: the activations and
probabilities artefacts, and mean values of chosen neurons. Uses artifacts, models,
responses and uncertainty.
"""
