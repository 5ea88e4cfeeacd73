"""Columns of what retrieval measures, and of its change from one model to another."""

from langneurons.artifacts.tables import artefact

#: Measures of losses: of the texts, and of translations into the pivot and out of it.
TEXT, TO_PIVOT, FROM_PIVOT = "text", "to_pivot", "from_pivot"
#: The measure of finding partners.
RETRIEVAL = "retrieval"
#: All measures, in the order of rows.
MEASURES = (RETRIEVAL, TEXT, TO_PIVOT, FROM_PIVOT)

#: One row per language but the pivot × layer × problem. Layer 0 is what the first block reads, the
#: embeddings; layer l is what block l writes, before any final norm. ``rank`` of the partner among
#: the pivot's texts, 1 if ``found``; a text as near as the partner goes before it.
PARTNERS = artefact(
    "retrieval", "language string, layer int32, problem string, found bool, rank int32"
)

#: One row per measure × language × problem: ``nll`` in nats per token over ``tokens`` tokens, null
#: if there is none. ``language`` is that of the text or, of a translation, the one that is not the
#: pivot.
LOSSES = artefact(
    "retrieval_losses",
    "measure string, language string, problem string, nll float64?, tokens int32",
)

_ENDS = ("", "_low", "_high")
#: One row per measure × layer × language, then per group of languages with a null ``language``.
#: ``retrieval`` is a share of found partners, at each layer and, with a null ``layer``, its mean
#: over all; the others are nats per token. ``group`` is trained (on by the alignment), other or
#: pivot; ``n`` counts problems × languages. Low to high is the 95 % interval, null with fewer than
#: ten problems.
RETRIEVAL_CHANGE = artefact(
    "retrieval_change",
    "measure string, layer int32?, group string, language string?, n int64, "
    + ", ".join(f"{name}{end} float64?" for name in ("before", "after", "change") for end in _ENDS),
)
