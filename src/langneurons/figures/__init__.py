"""Figures, one module each: what they show is declared, how they look is shared.

In come Parquet artefacts; out go PNG and PDF files. Drawing code only: what a figure shows has been
computed before. It may use any room but tables and experiment.
"""
