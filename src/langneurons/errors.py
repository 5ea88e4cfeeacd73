"""The one error that a user can mend: bad input, said in one sentence."""


class InputError(ValueError):
    """Input that the user can mend.

    The message names the file, row or key, what was found, and what was expected.
    """
