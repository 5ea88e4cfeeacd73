"""Python imports this at its start if this folder is in PYTHONPATH.

It does nothing but in the processes that run a rule's script while LANGNEURONS_TRACES is set.
"""

import atexit
import os
import sys


def _script() -> str | None:
    """Return the rule's script that this process was started to run, if it was."""
    name = sys.orig_argv[-1]
    return name if f".snakemake{os.sep}scripts" in name else None


if "LANGNEURONS_TRACES" in os.environ and (script := _script()):
    from langneurons.preloaded import hand_over

    code = hand_over(script)
    if code is not None:
        os._exit(code)
    import tracing

    tracing.start()
    atexit.register(tracing.TRACE.write)
