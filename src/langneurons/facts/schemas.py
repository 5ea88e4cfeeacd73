"""Columns of what models know of facts, and of its change from one model to another."""

from langneurons.artifacts.tables import artefact

#: One row per phrasing of a fact × language. ``log_probability`` of the answer in nats, the sum
#: over its ``tokens``; ``rank`` among its ``candidates``, 1 if ``known``: a candidate as likely
#: goes before it. ``best`` is the likeliest candidate. ``rank_by_token``: by the mean over tokens.
CLOZE = artefact(
    "cloze",
    "id string, language string, relation string, fact string, phrasing int32, "
    "log_probability float64, tokens int32, candidates int32, rank int32, known bool, "
    "best string, best_log_probability float64, rank_by_token int32",
)

#: One row per relation, null for all together, × language, null for the mean over languages.
#: ``accuracy`` is the share of phrasings in which a fact is known, its mean over ``facts``; low to
#: high is the 95 % interval over facts, null with fewer than ten. ``by_token``: likewise by the
#: mean over tokens. ``in_all_phrasings``: the share of facts that are known in each phrasing.
#: ``chance``: one over the number of candidates.
KNOWLEDGE = artefact(
    "knowledge_accuracy",
    "relation string?, language string?, facts int64, accuracy float64, low float64?, "
    "high float64?, in_all_phrasings float64, by_token float64, chance float64",
)

_ENDS = ("", "_low", "_high")
#: One row per relation, null for all together, × language, then per group of languages with a null
#: ``language``. ``group`` is trained (on by the alignment), other or pivot. Low to high is the 95 %
#: interval over ``facts``, of the change over pairs, null with fewer than ten.
KNOWLEDGE_CHANGE = artefact(
    "knowledge_change",
    "relation string?, group string, language string?, facts int64, chance float64, "
    + ", ".join(f"{name}{end} float64?" for name in ("before", "after", "change") for end in _ENDS),
)
