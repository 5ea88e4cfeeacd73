"""Figures and rendered tables, one module each; they read Parquet artefacts only."""
