"""Which neurons carry a fact (METHOD 9, attribution after the idea of 2411.17401).

In: prompts of facts with their answers, which facts a model knows, and the model. Out: how much
each neuron adds to an answer's log probability by integrated gradients, the neurons of a fact in
each language and in most of them, and what suppressing and enhancing these changes. Uses artifacts,
corpora, models, neurons, responses and uncertainty.
"""
