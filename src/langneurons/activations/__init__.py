"""How often, how strongly and to what effect each neuron is active over a language's responses.

In: a model and the tokens of responses, or published counts. Out: the activations and
probabilities artefacts, those of other statistics, and mean values of chosen neurons. Uses
artifacts, models, responses and uncertainty.
"""
