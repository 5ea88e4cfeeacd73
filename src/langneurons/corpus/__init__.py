"""Problems in, from any of several formats; one table out, one row per problem × language."""

from langneurons.corpus.assembly import build_corpus, write_corpus

__all__ = ["build_corpus", "write_corpus"]
