"""What happens when neurons are switched off, or set to the values of another language.

In: a model, its neurons and a corpus. Out: measurements of each problem under each change, and
their summaries. Uses artifacts, uncertainty, corpora, models, responses, activations, neurons
and facts.
"""
