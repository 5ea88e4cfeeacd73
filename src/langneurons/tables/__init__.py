"""The paper's tables, one module each.

In come artefacts; out goes a CSV, and the table rendered as PNG and PDF. It may use any room but
`langneurons.experiment`.
"""
