r"""Which class a token belongs to, whatever the language of the text it stands in (METHOD 10).

Bengali is letters of its script in one tokenizer and bytes in another: a neuron that is active for
Bengali alone can be one of Bengali or one of bytes. Classes of tokens tell the two apart.

- ``script letters``: a letter, or mark, of another script than Latin. Marks that follow letters of
  many scripts, Latin among them (U+0301), and marks and letters of none (U+FE0F after an emoji,
  ``µ``) do not count: such a token is what its other characters are. By Unicode's script
  extensions, the ``ー`` of kana and the vowel signs of Arabic have a script.
- ``Latin letters``, ``digits`` (of any script, ``½`` and ``Ⅷ`` too).
- ``punctuation and space``: also symbols, emoji and special tokens.
- ``byte fragments``: what alone is no whole character of UTF-8, as ``<0xE0>`` of SentencePiece or
  ``à¦`` of a byte-level BPE.

A token with characters of several classes is in the first of these. Space decides nothing beside
another character: ``Ġà¦``, a space and two bytes, is a fragment.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import regex

from langneurons.activations.class_counts import (
    CLASSES,
    DIGITS,
    FRAGMENTS,
    LATIN_LETTERS,
    PUNCTUATION,
    SCRIPT_LETTERS,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

#: Class → what a token has to hold to be in it, unless it is in an earlier one.
_PATTERNS = {
    SCRIPT_LETTERS: r"[[\p{L}\p{M}]--[\p{scx=Latin}\p{scx=Common}\p{scx=Inherited}]]",
    LATIN_LETTERS: r"[\p{L}&&\p{sc=Latin}]",
    DIGITS: r"\p{N}",
    PUNCTUATION: r"[^\s\uFFFD]",
    FRAGMENTS: r"\uFFFD",
}
_COMPILED = {name: regex.compile(_PATTERNS[name], regex.VERSION1) for name in CLASSES}


def class_of(text: str) -> str:
    """Return the class, one of `CLASSES`, of a token that decodes to a text.

    What no whole character can be made of decodes to U+FFFD, a special token to nothing.
    """
    held = (name for name, pattern in _COMPILED.items() if pattern.search(text))
    return next(held, PUNCTUATION)


def classes_of_tokens(
    tokenizer: "PreTrainedTokenizerBase", tokens: Iterable[np.ndarray]
) -> np.ndarray:
    """Return the class of each token as an index into `CLASSES`, int64 (largest token + 1,).

    Parameters
    ----------
    tokens
        Arrays of token ids. What occurs in none of them is in the class of punctuation.
    """
    ids = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *tokens]))
    texts = tokenizer.batch_decode(ids[:, None].tolist(), skip_special_tokens=True)
    classes = np.full(ids.max(initial=0) + 1, CLASSES.index(PUNCTUATION))
    classes[ids] = [CLASSES.index(class_of(text)) for text in texts]
    return classes
