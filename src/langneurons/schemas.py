"""Columns of the text artefacts; every stage reads and writes these tables."""

import pyarrow as pa


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


#: One row per problem × language; ``responses`` are those that came with the data, often none.
CORPUS = pa.schema(
    [
        _required("problem", pa.string()),
        _required("language", pa.string()),
        _required("question", pa.string()),
        pa.field("answer", pa.float64()),
        _required("responses", pa.list_(pa.string())),
    ]
)

#: One row per response. ``prediction`` is null where the response holds no number,
#: ``response_language`` where the language cannot be told.
RESPONSES = pa.schema(
    [
        _required("problem", pa.string()),
        _required("language", pa.string()),
        _required("sample", pa.int32()),
        _required("prompt", pa.string()),
        _required("response", pa.string()),
        pa.field("prediction", pa.float64()),
        pa.field("correct", pa.bool_()),
        pa.field("response_language", pa.string()),
    ]
)

#: One row per response, the rows of one problem together.
TOKENS = pa.schema(
    [
        _required("problem", pa.string()),
        _required("language", pa.string()),
        _required("sample", pa.int32()),
        _required("prompt_tokens", pa.list_(pa.int32())),
        _required("response_tokens", pa.list_(pa.int32())),
    ]
)

#: Active neurons counted over the response tokens of one language, fold and layer.
#: ``active[j]`` is the number of tokens at which neuron j was active; D entries.
ACTIVATIONS = pa.schema(
    [
        _required("language", pa.string()),
        _required("fold", pa.int32()),
        _required("layer", pa.int32()),
        _required("tokens", pa.int64()),
        _required("active", pa.list_(pa.int32())),
    ]
)
