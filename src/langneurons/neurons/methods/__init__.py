"""Methods that select language neurons, one module each, behind one small interface.

A method is a module with a declaration, ``METHOD = Method(...)``, and two functions:
``select(probabilities, **parameters) -> Selection``, and ``score(probabilities, threshold,
parameters)``, the scores (L, D) with a given τ and the ``parameters`` that a selection recorded. To
add one, write its module.
"""
