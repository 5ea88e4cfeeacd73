"""Language neurons of decoder-only language models, and what alignment does to them.

The workflow under ``workflow/`` says what depends on what; this package says how each
artefact is computed. It imports no Snakemake and can be used from a notebook.
"""

__version__ = "0.1.0"
