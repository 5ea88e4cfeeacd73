"""Methods that select language neurons, one module each, behind one small interface.

A method is a function ``select(probabilities, **parameters) -> Selection``. To add one, write
its module and name it in `METHODS` (and its parameters in the configuration schema).
"""

from langneurons.methods import lape, ternary
from langneurons.methods.selection import Selection

METHODS = {"ternary": ternary, "lape": lape}

__all__ = ["METHODS", "Selection"]
