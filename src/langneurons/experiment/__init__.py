"""What an experiment is: the configuration as types, and all that follows from it.

In: a configuration. Out: models, data sets, instances of figures and tables, every path, and for
each rule what it reads and the settings it is given. The workflow builds one `Experiment`; every
cluster job builds it again, so nothing here imports numpy, pandas or torch. But for `forecast`,
which says at the start of a run what it will do, and reads tables for it. No other room imports
this one. Uses declarations and names of activations, artifacts, corpora, figures, importance,
models, neurons and responses.
"""
