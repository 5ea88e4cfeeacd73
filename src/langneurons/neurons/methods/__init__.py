"""Methods that select language neurons, one module each, behind one small interface.

A method is a module with a declaration, ``METHOD = Method(...)``, and two functions:
``select(probabilities, **parameters) -> Selection``, and ``score(probabilities, threshold,
parameters)``, the scores (L, D) with a given τ and the ``parameters`` that a selection recorded. A
method of another statistic may have a third, ``normalised(quotients) -> probabilities``, which puts
what is read, (L, D, K), on the scale that both take. To add a method, write its module.
"""
