"""What the configuration says without importing a heavy module is what that module says."""

from dataclasses import asdict
from importlib import import_module
from inspect import signature
from typing import get_args

import pytest
from experiment_cases import experiment, selection

from langneurons.experiment.alignment import Translation
from langneurons.experiment.configuration import Collection, Figures, Generation
from langneurons.experiment.declared import methods
from langneurons.experiment.interventions import Control, NeuronSet
from langneurons.experiment.reference import _alternatives
from langneurons.experiment.sections import PLACEMENT, Dtype


def test_looks_by_default():
    from langneurons.figures.style import read_style

    assert Figures().settings() == vars(read_style({}))


def test_formats_of_data_sets():
    from langneurons.corpora.assembly import FORMATS

    sections = _alternatives("datasets")
    known = [name for one in sections for name in get_args(one.model_fields["format"].annotation)]
    # Facts have columns of their own.
    assert sorted(known) == sorted([*FORMATS, "facts"])


def test_sets_of_neurons():
    from langneurons.neurons.sets import SETS

    assert get_args(NeuronSet) == tuple(SETS)


def test_what_settings_say_of_controls():
    from langneurons.neurons.controls import ACTIVITY
    from langneurons.neurons.sets import SPECIFIC_RANDOM

    assert ACTIVITY in get_args(Control)
    both = {"deactivation": {"sets": list(get_args(NeuronSet))}}
    sets = experiment(**both).settings("merge_deactivation")(selection())["sets"]
    assert sets == [*get_args(NeuronSet), SPECIFIC_RANDOM]


def test_dtypes_are_those_that_a_model_can_load_in():
    from langneurons.models.spec import DTYPES

    assert set(get_args(Dtype)) - {"auto"} <= set(DTYPES)


def test_what_places_a_model_is_the_same_for_its_spec():
    from langneurons.models.spec import ModelSpec

    spec = ModelSpec("path")
    assert asdict(spec).keys() - spec.deciding().keys() == {"device", "device_map"}
    assert not spec.deciding().keys() & set(PLACEMENT)


@pytest.mark.parametrize(
    ("function", "sizes"),
    [
        ("responses.collection.write_responses", {"batch_size": Generation().batch_size}),
        ("activations.collection.collect_activations", {"batch_tokens": Collection().batch_tokens}),
        ("retrieval.measuring.measure_retrieval", {"batch_tokens": Collection().batch_tokens}),
        *(
            (f"sharing.{stage}", {"batch_tokens": Collection().batch_tokens})
            for stage in ("measuring.measure_sharing", "deactivation.deactivate_classes")
        ),
        *(
            (f"knowledge.{stage}", {"batch_tokens": Collection().backward_batch_tokens})
            for stage in ("attribution.attribute_facts", "editing.edit_facts")
        ),
        ("alignment.scoring.write_scores", {"batch_tokens": Translation(path="x").batch_tokens}),
        *(
            (f"interventions.{stage}", vars(Generation()) | vars(Collection()))
            for stage in ("deactivation.deactivate", "steering.steer")
        ),
    ],
)
def test_as_much_is_given_at_a_time_by_default(function, sizes):
    module, name = function.rsplit(".", 1)
    parameters = signature(getattr(import_module(f"langneurons.{module}"), name)).parameters
    found = {key: parameters[key].default for key in PLACEMENT if key in parameters}
    assert found == {key: sizes[key] for key in found}
    assert found


@pytest.mark.parametrize("name", methods())
def test_parameters_of_methods_and_their_defaults(name):
    select = import_module(f"langneurons.neurons.methods.{name}").select
    taken = list(signature(select).parameters.values())[1:]  # after the probabilities
    declared = methods()[name].parameters
    assert [parameter.name.rstrip("_") for parameter in taken] == list(declared)
    defaults = [None if one.default == "auto" else one.default for one in declared.values()]
    assert [parameter.default for parameter in taken] == defaults
