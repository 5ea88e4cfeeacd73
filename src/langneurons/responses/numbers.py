r"""The number that a response ends in, and whether it is right (METHOD 6).

The method's rule is short: remove thousands separators, take the last number, keep its sign.
Ten languages write numbers in more ways than that, so this is how the rule is read here:

- Decimal digits of any script count as digits (``১২``, ``๑๒``, ``１２``).
- Thousands separators are commas (``1,234``, in South Asian groups ``1,14,200``), apostrophes
  and spaces of any width (``70 000``), between complete groups; points only where nothing else
  can be meant (``1.234.567``, ``1.234,50``). ``1.234`` is a decimal number.
- A comma that does not separate groups is a decimal comma if it has digits on both sides
  (``3,5``), unless it is one of several (``1,2,3`` are three numbers). ``3, 4`` ends in 4.
- A hyphen or minus is a sign unless a letter, digit or closing bracket comes right before it:
  ``5-3`` ends in 3, ``= -3`` in −3, ``-$18`` in −18. Letters of scripts without spaces between
  words do not count here: ``是-5`` ends in −5.
"""

import re
import unicodedata
from collections import deque

import numpy as np
import pandas as pd

# Scripts written without spaces between words, where a letter right before a minus means nothing:
# Thai, Lao, Burmese, Khmer, kana, Han.
_UNSPACED = r"\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3005-\u30FF\u3400-\u9FFF"
# Vowel signs of Indic scripts can end a word, but `re` does not count them as letters.
_INDIC = r"\u0900-\u0DFF"
_GROUPS = r"[1-9]\d{0,2} (?:[,，]\d{3})+"
_NUMBER = re.compile(
    rf"""
    (?P<sign> (?<![^\W{_UNSPACED}]) (?<![)\]}}%{_INDIC}]) - [$€£¥฿৳₽]? )?
    (?:
      (?P<comma>  # the decimal separator is a comma
          (?<!\d) (?<!\d[ ]) [1-9]\d{{0,2}} (?:[ ]\d{{3}})+ ,\d++                # 1 234,5
        | (?<!\d) [1-9]\d{{0,2}} (?:'\d{{3}})+ ,\d++                            # 1'234,5
        | (?<![\d.]) [1-9]\d{{0,2}} (?:\.\d{{3}})+ ,\d{{1,2}} (?![.,]?\d)        # 1.234,50
        | (?<![\d.]) [1-9]\d{{0,2}} (?:\.\d{{3}}){{2,}} (?![.,]?\d)              # 1.234.567
        | (?<!\d) (?<!\d,) (?!{_GROUPS} (?!\d)) \d++ ,\d++ (?!,\d)             # 3,5
      )
    | (?P<point>  # the decimal separator is a point
          (?<!\d) (?<!\d,) {_GROUPS} (?:\.\d++)? (?![,，]?\d)                   # 1,234.5
        | (?<!\d) (?<!\d,) [1-9]\d? (?:,\d\d)+ ,\d{{3}} (?:\.\d++)? (?!,?\d)   # 1,14,200
        | (?<!\d) (?<!\d[ ]) [1-9]\d{{0,2}} (?:[ ]\d{{3}})+ (?:\.\d++)? (?![ ]?\d)  # 1 234.5
        | (?<!\d) [1-9]\d{{0,2}} (?:'\d{{3}})+ (?:\.\d++)? (?!'?\d)              # 1'234.5
        | \d++ (?:\.\d++)?                                                      # 12, 3.5
        | (?<!\w) \.\d++                                                        # .5
      )
    )
    """,
    re.VERBOSE,
)
# Characters that stand for another one in the numbers of some languages or fonts.
_PLAIN = str.maketrans(
    dict.fromkeys("\N{MINUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{SMALL HYPHEN-MINUS}\N{EN DASH}", "-")
    | dict.fromkeys(
        "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}", " "
    )
    | {"\N{FULLWIDTH FULL STOP}": ".", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}
)


def last_number(text: str) -> float | None:
    """Return the last number of a text; None if there is none.

    See the module's docstring for what counts as one number.
    """
    numbers = deque(_NUMBER.finditer(_plain(text)), maxlen=1)
    if not numbers:
        return None
    last = numbers[0]
    if last["comma"]:
        digits = re.sub(r"[.' ]", "", last["comma"]).replace(",", ".")
    else:
        digits = re.sub(r"[,，' ]", "", last["point"])
    return -float(digits) if last["sign"] else float(digits)


def is_correct(prediction: pd.Series, answer: pd.Series, tolerance: float = 1e-3) -> pd.Series:
    """Tell which predictions are within ``tolerance`` of the answer.

    Parameters
    ----------
    prediction
        Numbers; a missing one counts as wrong.
    answer
        Numbers, with the same index; where one is missing, so is the result.
    tolerance
        Largest absolute difference of a correct prediction.

    Returns
    -------
    pandas.Series
        Nullable booleans.
    """
    difference = np.abs(prediction.astype("float64") - answer.astype("float64"))
    return (difference <= tolerance).astype("boolean").mask(answer.isna())


def _plain(text: str) -> str:
    text = text.translate(_PLAIN)
    if text.isascii():
        return text
    return "".join(
        character
        if character.isascii() or (digit := unicodedata.decimal(character, None)) is None
        else str(digit)
        for character in text
    )
