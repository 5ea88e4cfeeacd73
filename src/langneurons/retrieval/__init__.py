"""Did an alignment align? Retrieval of parallel texts, translation and likelihood (METHOD 11).

In: the tokens of parallel texts, the texts themselves, a model. Out: at which layers each text
finds its partner in the pivot, what the model loses on texts and on their translations, and how
both change with intervals. Uses artifacts, corpora, models, responses and uncertainty.
"""
