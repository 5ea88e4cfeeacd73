"""Which rows share a batch, by hand."""

import numpy as np
import pytest

from langneurons.models.batches import rows_of_batches


@pytest.mark.parametrize(
    ("lengths", "batch_tokens", "switch", "expected"),
    [
        # The longest first, equal ones in their order; 2 · 5 tokens just fit into 10.
        ([4, 5, 3, 5], 10, None, [[1, 3], [0, 2]]),
        ([4, 5, 3, 5], 9, None, [[1], [3], [0, 2]]),
        # Padding counts: 3 rows beside one of 5 take 4 · 5 = 20 tokens.
        ([2, 2, 5, 2], 20, None, [[2, 0, 1, 3]]),
        ([2, 2, 5, 2], 19, None, [[2, 0, 1], [3]]),
        # A row longer than all forms a batch of its own.
        ([4, 12, 4], 10, None, [[1], [0, 2]]),
        # Rows of up to 8 tokens, 8 included, do not share batches with longer ones.
        ([8, 9, 7, 10], 100, 8, [[3, 1], [0, 2]]),
        ([], 10, None, []),
    ],
)
def test_rows_of_batches_by_hand(lengths, batch_tokens, switch, expected):
    lengths = np.array(lengths, dtype=np.int64)
    assert list(rows_of_batches(lengths, batch_tokens, switch)) == expected
