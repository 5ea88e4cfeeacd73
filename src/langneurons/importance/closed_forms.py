"""How much the output of a sub-layer changes when one neuron is switched off (METHOD 8).

The importance of a neuron for a text is the Frobenius norm of that change over the text's tokens,
before any post-norm and the residual. A neuron is a dimension: of the MLP's D units (``ffn``), of
each head's query or key after norm and rotary embedding (``q``, ``k``), or of its value (``v``).
Switching off dimension k takes

- column k of h out of h W_down: ‖h[:, k]‖ · ‖W_down[:, k]‖;
- column k of V out of every head h that reads it: √Σ_{h,h'} (a_h · a_h') (w_h · w_h'), with
  a_h = A_h V[:, k] and w_h the matching column of W_o;
- D_k = scaling · Q[:, k] K[:, k]ᵀ, rank one, out of the scores: the softmax is computed anew for
  each k. A query's dimension concerns its own head; a key's, all heads that share the key.

All neurons of a layer are done at once, in blocks of queries and dimensions. With H heads of d
dimensions, q and k take about H · d · S² · r multiplications a layer and text of S tokens, where r
is at most the size of the hidden state and of the heads that share a key; half of it is saved
where queries see earlier tokens only.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from langneurons.models.seeing import Seen, softmax

_QUERIES = 64  # rows of scores at a time
#: Numbers of a block: what a CPU's cache holds, and what fills a GPU.
_BLOCK = {"cpu": 2**20, "other": 2**27}


def ffn_importance(neurons: Tensor, down_norms: Tensor) -> Tensor:
    """Return the importance of an MLP's neurons for a text, (D,).

    Parameters
    ----------
    neurons
        (S, D): what the down projection reads.
    down_norms
        (D,): the norm of what each neuron writes.
    """
    return torch.linalg.vector_norm(neurons, dim=0) * down_norms


def value_importance(heads: Tensor, products: Tensor) -> Tensor:
    """Return the importance of values' dimensions for a text, (G, d').

    Parameters
    ----------
    heads
        (G, g, S, d'): A_h V of the g heads that share a value.
    products
        (G, d', g, g): the products of the columns of W_o, from `out_products`.
    """
    overlaps = torch.einsum("ghsk,gisk->gkhi", heads, heads)
    # Rounding can leave a sum of cancelling terms below zero.
    return (overlaps * products).sum(dim=(-2, -1)).clamp(min=0).sqrt()


def out_products(weight: Tensor, groups: int) -> Tensor:
    """Return w_h · w_h' for each value's dimension, (G, d', g, g), of W_o by head, (H, d', m)."""
    by_group = weight.unflatten(0, (groups, -1))  # (G, g, d', m)
    return torch.einsum("ghkm,gikm->gkhi", by_group, by_group)


def compact(weight: Tensor, groups: int) -> Tensor:
    """Return W_o by head, (H, d', hidden), as (G, g, d', m): m ≤ hidden columns keep all norms."""
    by_group = weight.unflatten(0, (groups, -1))
    _, g, width, hidden = by_group.shape
    return _fewer_columns(by_group) if g * width < hidden else by_group


def scores_importance(text: Seen, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the importance of queries' and keys' dimensions for a text, (H, d) and (G, d).

    Parameters
    ----------
    text
        The tensors of one text, B = 1.
    weight
        (G, g, d', m): the output projection by head, from `compact`.
    """
    written = _written(text.value[0], weight)  # (G, g, S, r)
    query = torch.zeros(*written.shape[:2], text.query.shape[-1]).to(written)  # (G, g, d)
    key = torch.zeros_like(query[:, 0])  # (G, d)
    for dimensions, visible, change in _changes(text, text.scaling, written.shape[-1]):
        G, g, n, R, _ = change.shape
        reached = written[:, :, visible]  # (G, g, S', r)
        output = (change.flatten(2, 3) @ reached).view(G, g, n, R, -1)
        query[..., dimensions] += output.square().sum(dim=(-2, -1))
        if g > 1:
            key[..., dimensions] += output.sum(dim=1).square().sum(dim=(-2, -1))
    key = key if query.shape[1] > 1 else query[:, 0]
    return query.sqrt().flatten(0, 1), key.sqrt()


def released_scores_importance(text: Seen) -> tuple[Tensor, Tensor]:
    """Return Σ (softmax(S) − softmax(S − Q[:, k] K[:, k]ᵀ))², (H, d), and its sums by key, (G, d).

    D_k is not scaled, as in the released code; where heads share a key, it is given their sum.
    """
    groups, heads, _, d = text.key.shape[1], text.query.shape[1], *text.query.shape[2:]
    query = torch.zeros(groups, heads // groups, d).to(text.query)
    for dimensions, _, change in _changes(text, 1.0, 1):
        query[..., dimensions] += change.square().sum(dim=(-2, -1))
    return query.flatten(0, 1), query.sum(dim=1)


def _changes(text: Seen, scaling: float, width: int) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield softmax(S − D_k) − softmax(S) in blocks, (G, g, n, R, S').

    With each block come the n dimensions k it is for and the S' keys that its R queries see; no
    block is twice. D_k is ``scaling`` · Q[:, k] K[:, k]ᵀ. ``width`` is that of what the caller
    makes of a row, for the size of blocks.
    """
    G, (_, H, S, d) = text.key.shape[1], text.query.shape
    queries = text.query[0].unflatten(0, (G, -1))  # (G, g, S, d)
    keys = text.key[0, :, None]  # (G, 1, S, d)
    scores = text.scores()[0].unflatten(0, (G, -1))  # (G, g, S, S)
    bias = text.bias[0].expand(H, S, S).unflatten(0, (G, -1))
    block = _BLOCK["cpu" if scores.device.type == "cpu" else "other"]
    masked = torch.finfo(text.bias.dtype).min / 2
    for start in range(0, S, _QUERIES):
        rows = slice(start, start + _QUERIES)
        seen = (bias[..., rows, :] > masked).flatten(0, -2).any(dim=0).nonzero()
        visible = slice(int(seen[0]), int(seen[-1]) + 1)
        raw, added = scores[..., rows, visible], bias[..., rows, visible]  # (G, g, R, S')
        before = softmax(raw, added, text.softcap)[:, :, None]
        size = max(1, block // (raw.numel() // raw.shape[-1] * max(raw.shape[-1], width)))
        for first in range(0, d, size):
            dimensions = slice(first, min(first + size, d))
            q = queries[..., rows, dimensions].movedim(-1, 2)[..., None]  # (G, g, n, R, 1)
            k = keys[..., visible, dimensions].movedim(-1, 2)[..., None, :]  # (G, 1, n, 1, S')
            less = torch.addcmul(raw[:, :, None], q, k, value=-scaling)
            yield dimensions, visible, softmax(less, added[:, :, None], text.softcap) - before


def _written(values: Tensor, weight: Tensor) -> Tensor:
    """Return V W_o of each head in as few columns as keep all norms, (G, g, S, r).

    What keeps its norm is any sum of the rows of a group, of one head or of several.

    Parameters
    ----------
    values
        (G, S, d').
    weight
        (G, g, d', m), from `compact`.
    """
    written = values[:, None] @ weight  # (G, g, S, m)
    return _fewer_columns(written) if written[0, ..., 0].numel() < written.shape[-1] else written


def _fewer_columns(matrices: Tensor) -> Tensor:
    """Return (G, g, n, g · n), whose rows in each of G have the products of those of (G, g, n, m).

    With Q R the decomposition of the transposed rows, rows = Rᵀ Qᵀ, and Q changes no product.
    """
    G, g, n, _ = matrices.shape
    triangle = torch.linalg.qr(matrices.flatten(1, 2).mT, mode="r").R  # (G, g · n, g · n)
    return triangle.mT.reshape(G, g, n, g * n)
