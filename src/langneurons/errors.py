"""The one error that a user can fix: bad input, described in one sentence."""


class InputError(ValueError):
    """Bad input that the user can fix.

    The message names the file, row or key, what was found, and what was expected.
    """
