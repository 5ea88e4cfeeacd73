"""Runs the scripts of many jobs in copies of one process that has loaded torch as well.

Tests of the finished workflow only look at what its jobs made, so that all of them start as copies,
those of models too, and note what they execute. Other tests run each job as users do.
"""

import sys

from langneurons.preloaded import LIBRARIES, MODEL_LIBRARIES, run_script, serve

MORE = ("transformers.models.mistral.modeling_mistral", "ruptures")


def run(script: str) -> int:
    """Run a script with its execution noted."""
    import tracing

    tracing.start()
    code = run_script(script)
    tracing.TRACE.write()
    return code


if __name__ == "__main__":
    serve(sys.argv[1], (*LIBRARIES, *MODEL_LIBRARIES, *MORE), run)
