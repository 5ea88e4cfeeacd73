"""Methods that select language neurons, one module each, behind one small interface.

A method is a module with a declaration, ``METHOD = Method(...)``, and a function
``select(probabilities, **parameters) -> Selection``. To add one, write its module.
"""
