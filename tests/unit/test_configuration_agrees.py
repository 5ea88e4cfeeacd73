"""What the configuration says without importing a heavy module is what that module says."""

from importlib import import_module
from inspect import signature
from typing import get_args

import pytest

from langneurons.experiment.configuration import Figures
from langneurons.experiment.declared import methods
from langneurons.experiment.interventions import NeuronSet
from langneurons.experiment.reference import _alternatives
from langneurons.experiment.sections import Dtype


def test_looks_by_default():
    from langneurons.figures.style import read_style

    assert Figures().settings() == vars(read_style({}))


def test_formats_of_data_sets():
    from langneurons.corpora.assembly import FORMATS

    sections = _alternatives("datasets")
    known = [name for one in sections for name in get_args(one.model_fields["format"].annotation)]
    assert sorted(known) == sorted(FORMATS)


def test_sets_of_neurons():
    from langneurons.neurons.sets import SETS

    assert get_args(NeuronSet) == tuple(SETS)


def test_dtypes_are_those_that_a_model_can_load_in():
    from langneurons.models.spec import DTYPES

    assert set(get_args(Dtype)) - {"auto"} <= set(DTYPES)


@pytest.mark.parametrize("name", methods())
def test_parameters_of_methods_and_their_defaults(name):
    select = import_module(f"langneurons.neurons.methods.{name}").select
    taken = list(signature(select).parameters.values())[1:]  # after the probabilities
    declared = methods()[name].parameters
    assert [parameter.name.rstrip("_") for parameter in taken] == list(declared)
    defaults = [None if one.default == "auto" else one.default for one in declared.values()]
    assert [parameter.default for parameter in taken] == defaults
