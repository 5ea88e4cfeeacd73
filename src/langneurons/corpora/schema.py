"""Columns of a corpus."""

from langneurons.artifacts.tables import artefact

#: One row per problem × language; ``responses`` are those included in the data, often none.
CORPUS = artefact(
    "corpus",
    "problem string, language string, question string, answer float64?, responses [string]",
)
