"""What happens when neurons are switched off, or set to the values of another language.

Comes in: a model, its neurons and a corpus. Goes out: measures of each problem under each change,
and their summaries. Uses artifacts, uncertainty, corpora, models, responses, activations and
neurons.
"""
