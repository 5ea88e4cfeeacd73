r"""The number that a response ends in, and whether it is right (METHOD 6).

The method's rule is short: remove thousands separators, take the last number, keep its sign.
Ten languages write numbers in more ways than that, so this is how the rule is read here:

- Decimal digits of any script count as digits (``১২``, ``๑๒``, ``１２``).
- Thousands separators are commas (``1,234``, in South Asian groups ``1,14,200``), apostrophes
  and spaces of any width (``70 000``), between complete groups. Commas are in every language:
  MGSM writes its answers so in German too. A plain space after an operand and an operator is
  none: ``4 + 16 120`` ends in 120.
- Points separate thousands where nothing else can be meant (``1.234.567``, ``1.234,50``) and,
  in languages that write so by the Unicode CLDR, in all complete groups: ``70.000`` is 70,000 in
  German and Spanish and 70 in English. ``1.5`` and ``0.500`` are decimal numbers everywhere.
- A comma that does not separate groups is a decimal comma if it has digits on both sides
  (``3,5``), unless it is one of several (``1,2,3`` are three numbers). ``3, 4`` ends in 4.
- Chinese and Japanese numerals after digits multiply them: ``3万`` is 30,000, ``1万2000円`` 12,000.
  Those of a metric unit (``5千克``) or of percent do not.
- Integers around a slash are a fraction (``1/2`` is 0.5), unless one of them begins with 0 or
  there are more slashes, as in dates. ``1e5`` is 100,000.
- A hyphen or minus is a sign unless a letter, digit or closing bracket comes right before it:
  ``5-3`` ends in 3, ``= -3`` in −3, ``-$18`` in −18. Letters of scripts without spaces between
  words do not count here: ``是-5`` ends in −5.
"""

import math
import re
import unicodedata
from collections import deque
from functools import lru_cache

import numpy as np
import pandas as pd
from babel import Locale, UnknownLocaleError

# Scripts written without spaces between words, where a letter right before a minus means nothing:
# Thai, Lao, Burmese, Khmer, kana, Han.
_UNSPACED = r"\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3005-\u30FF\u3400-\u9FFF"
# Vowel signs of Indic scripts can end a word, but `re` does not count them as letters.
_INDIC = r"\u0900-\u0DFF"
_GROUPS = r"[1-9]\d{0,2} (?:[,，]\d{3})+"
# After an operand and an operator a plain space is between two numbers, not within one, unless the
# operand has one too.
_OPERATOR = r"[-+*/×÷x]"
_OPERAND = rf"""
    (?: (?<!\d{_OPERATOR}) (?<!\d[ ]{_OPERATOR}[ ]) | (?<=\d[ ]\d\d\d[ ]{_OPERATOR}[ ]) )
"""
_SPACED = rf"(?<!\d) (?<!\d[ ]) {_OPERAND} [1-9]\d{{0,2}} (?:[ ]\d{{3}})+"
# Powers of ten that multiply digits, but for 千米, 千克, 千瓦, … (kilo-) and 百分 (percent).
_POWERS = {"百": 1e2, "千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8, "兆": 1e12}
_MYRIAD = 1e4
_POWER = r"(?:百(?!分)|千(?![米克瓦卡赫伏帕焦])|[万萬亿億兆])"
_MULTIPLIED = rf"(?:{_GROUPS}(?![,，]?\d)|\d++(?:\.\d++)?) [ ']?+ {_POWER}++"
# Characters that stand for another one in the numbers of some languages or fonts.
_PLAIN = str.maketrans(
    dict.fromkeys("\N{MINUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{SMALL HYPHEN-MINUS}\N{EN DASH}", "-")
    # Spaces that do not break hold a number together, as apostrophes do.
    | dict.fromkeys(
        "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}", "'"
    )
    | {"\N{FULLWIDTH FULL STOP}": ".", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}
)


def last_number(text: str, language: str) -> float | None:
    """Return the last number of a text; None if there is none.

    See the module's docstring for what counts as one number.

    Parameters
    ----------
    text
        A response.
    language
        ISO 639-1 code of the language that the text should be in, which decides what a point
        separates.
    """
    numbers = deque(_pattern(_groups_by_points(language)).finditer(_plain(text)), maxlen=1)
    if not numbers:
        return None
    last = numbers[0]
    value = _value(last)
    return -value if last["sign"] else value


def _value(number: re.Match[str]) -> float:
    """Return a number without its sign."""
    if number["multiplied"]:
        return _multiplied(re.sub(r"[,，' ]", "", number["multiplied"]))
    if number["fraction"]:
        over, under = number["fraction"].split("/")
        return float(over) / float(under)
    if number["comma"]:
        return float(re.sub(r"[.' ]", "", number["comma"]).replace(",", "."))
    return float(re.sub(r"[,，' ]", "", number["point"]))


def _multiplied(text: str) -> float:
    """Return the value of digits between powers of ten: ``3千5百万2000`` is 35,002,000."""
    total = below = 0.0  # below: what the next 万, 亿 or 兆 multiplies
    for digits, powers in re.findall(r"([\d.]+)(\D*)", text):
        of_ten = [_POWERS[power] for power in powers]
        below += float(digits) * math.prod(power for power in of_ten if power < _MYRIAD)
        if any(power >= _MYRIAD for power in of_ten):
            total += below * math.prod(power for power in of_ten if power >= _MYRIAD)
            below = 0.0
    return total + below


@lru_cache(maxsize=256)
def _groups_by_points(language: str) -> bool:
    """Tell whether points separate thousands in a language, by the Unicode CLDR."""
    try:
        return bool(Locale(language).number_symbols["latn"]["group"] == ".")
    except UnknownLocaleError:
        return False


@lru_cache(maxsize=2)
def _pattern(points: bool) -> re.Pattern[str]:
    """Return the pattern of a number, where a single point may separate thousands or not."""
    fewest = 1 if points else 2
    return re.compile(
        rf"""
        (?P<sign> (?<![^\W{_UNSPACED}]) (?<![)\]}}%{_INDIC}]) - [$€£¥฿৳₽]? )?
        (?:
          (?P<multiplied>
              (?<!\d) (?<!\d[.,，]) (?:{_MULTIPLIED})++ (?:\d++(?:\.\d++)?)?+      # 1万2000
          )
        | (?P<fraction>
              (?<!\d) (?<!\d[.,，/]) (?:0|[1-9]\d*+)/[1-9]\d*+ (?![.,，/]?\d)         # 1/2
          )
        | (?P<comma>  # the decimal separator is a comma
              {_SPACED} ,\d++                                                       # 1 234,5
            | (?<!\d) [1-9]\d{{0,2}} (?:'\d{{3}})+ ,\d++                            # 1'234,5
            | (?<![\d.]) [1-9]\d{{0,2}} (?:\.\d{{3}})+ ,\d{{1,2}} (?![.,]?\d)        # 1.234,50
            | (?<![\d.]) [1-9]\d{{0,2}} (?:\.\d{{3}}){{{fewest},}} (?![.,]?\d)       # 1.234.567
            | (?<!\d) (?<!\d,) (?!{_GROUPS} (?!\d)) \d++ ,\d++ (?!,\d)             # 3,5
          )
        | (?P<point>  # the decimal separator is a point
              (?<!\d) (?<!\d,) {_GROUPS} (?:\.\d++)? (?![,，]?\d)                   # 1,234.5
            | (?<!\d) (?<!\d,) [1-9]\d? (?:,\d\d)+ ,\d{{3}} (?:\.\d++)? (?!,?\d)   # 1,14,200
            | {_SPACED} (?:\.\d++)? (?![ ]?\d)                                      # 1 234.5
            | (?<!\d) [1-9]\d{{0,2}} (?:'\d{{3}})+ (?:\.\d++)? (?!'?\d)              # 1'234.5
            | (?<![a-zA-Z]) \d++ (?:\.\d++)? [eE][-+]?\d{{1,2}} (?!\w)              # 1e5
            | \d++ (?:\.\d++)?                                                      # 12, 3.5
            | (?<!\w) \.\d++                                                        # .5
          )
        )
        """,
        re.VERBOSE,
    )


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
