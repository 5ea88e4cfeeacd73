"""Columns of a corpus, and of facts."""

from langneurons.artifacts.tables import artefact

#: One row per problem × language; ``responses`` are those included in the data, often none.
CORPUS = artefact(
    "corpus",
    "problem string, language string, question string, answer float64?, responses [string]",
)

#: One row per phrasing of a fact × language. ``question`` is a prompt that ends right before
#: ``answer``, which is one of ``candidates``; the k-th candidate is the same fact's in each
#: language. ``same``: the answer is written alike in all languages. ``cue``: it begins like the
#: name that is asked about, null for facts from a file.
FACTS = artefact(
    "facts",
    "id string, language string, relation string, fact string, phrasing int32, question string, "
    "answer string, candidates [string], same bool, cue bool?",
)
