"""What an experiment is: the configuration as types, and all that follows from it.

In: a configuration. Out: models, data sets, instances of figures and tables, every path, and for
each rule what it reads and the settings it is given. The workflow builds one `Experiment`; every
cluster job builds it again, so nothing here imports numpy, pandas or torch. No other room
imports it. Uses declarations and names of activations, artifacts, corpora, figures, neurons and
responses.
"""
