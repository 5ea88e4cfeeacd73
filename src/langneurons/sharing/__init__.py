"""Neurons that languages share, example by example (METHOD 9, after "Sharing Matters").

In: the tokens of parallel texts, and a model. Out: of each example, how many neurons of each layer
are active in all languages, in some, in one or in none, and what they contribute; of each neuron,
how often it is so; and what each language loses when those of a class are switched off. Uses
artifacts, interventions, models, neurons, responses and uncertainty.
"""
