"""What an experiment is: the configuration as types, and all that follows from it.

In comes a configuration; out come models, data sets, instances of figures and tables, every path,
and for each rule what it reads and the settings it is given. The workflow builds one `Experiment`;
every cluster job builds it again, so that nothing here imports numpy, pandas or torch. It uses
declarations and names of other rooms, and no other room imports it.
"""
