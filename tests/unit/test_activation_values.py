"""Means and quantiles of activations against those of sequences run one after the other."""

import pandas as pd
import pytest
import torch
from tiny_models import tiny_config, tiny_model

from langneurons.activations.values import language_activation_values
from langneurons.errors import InputError
from langneurons.models.mlps import find_mlps

NEURONS = torch.tensor([1, 5, 17])


def _tokens():
    rows = [("a", [1, 5, 6], [7, 8]), ("b", [1, 9], [10, 11, 12, 13]), ("c", [1, 4], [20])]
    return pd.DataFrame(
        [
            {"problem": p, "language": "en", "sample": 0, "prompt_tokens": x, "response_tokens": y}
            for p, x, y in rows
        ]
    )


@pytest.mark.parametrize("architecture", ["mistral", "opt"])
@pytest.mark.parametrize("quantile", [None, 0.95])
@pytest.mark.parametrize("batch_tokens", [1, 100])
def test_activation_values_of_a_language(architecture, quantile, batch_tokens):
    model = tiny_model(tiny_config(architecture))
    mlps = find_mlps(model)
    seen = []
    hook = mlps[1].activation.register_forward_hook(
        lambda _, __, output: seen.append(output.reshape(-1, 24)[:, NEURONS])
    )
    for row in _tokens().itertuples():  # one sequence after the other, nothing padded
        with torch.inference_mode():
            model(torch.tensor([row.prompt_tokens + row.response_tokens]))
        seen[-1] = seen[-1][len(row.prompt_tokens) :]
    hook.remove()
    values = torch.cat(seen)  # (7 response tokens, 3)
    assert len(values) == 7
    expected = values.mean(0) if quantile is None else torch.quantile(values, 0.95, dim=0)
    found = language_activation_values(model, mlps, _tokens(), {1: NEURONS}, quantile, batch_tokens)
    torch.testing.assert_close(found[1], expected.float(), rtol=1e-5, atol=1e-6)
    assert all(len(mlp.activation._forward_hooks) == 0 for mlp in mlps)


def test_activation_values_need_response_tokens():
    model = tiny_model(tiny_config("mistral"))
    tokens = _tokens().assign(response_tokens=[[]] * 3)
    with pytest.raises(InputError, match="no response tokens"):
        language_activation_values(model, find_mlps(model), tokens, {0: NEURONS})
