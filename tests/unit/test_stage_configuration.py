"""The optional stages in a configuration: off by default, their defaults, their mistakes."""

import pytest

from langneurons.errors import InputError
from langneurons.experiment.reading import read_configuration
from langneurons.neurons.sets import SETS

CONFIG = {
    "languages": ["en", "de"],
    "datasets": {"demo": {"format": "demo", "problems": 12}},
    "models": {"base": {"path": "owner/base"}},
}


def test_the_stage_is_off_unless_asked_for_and_has_defaults():
    assert read_configuration(CONFIG).deactivation is None
    assert read_configuration({**CONFIG, "deactivation": {}}).deactivation.settings() == {
        "sets": list(SETS),
        "control_seeds": 2,
        "control": "layer",
        "texts": "prompt",
        "problems": 250,
        "accuracy": True,
        "methods": ["ternary"],
        "phases": False,
        "masks": {},
    }
    assert read_configuration(CONFIG).steering is None
    assert read_configuration({**CONFIG, "steering": {}}).steering.settings() == {
        "methods": ["ternary"],
        "set": "specific+related",
        "mode": ["set"],
        "raise_to": "mean",
        "factor": [1.0],
        "max_repetition": 0.2,
        "problems": 50,
        "control_seeds": 1,
        "control": "layer",
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sets": ["specifc"]}, "deactivation.sets.0: found 'specifc', expected one of"),
        ({"problems": 0}, "deactivation.problems: found 0, expected a number of at least 1"),
        ({"methods": ["plnd"]}, "deactivation.methods: found 'plnd', expected some of"),
        ({"models": ["other"]}, "deactivation.models: found 'other', expected a model"),
        ({"masks": {"other": {"demo": "x.pt"}}}, "deactivation.masks: found 'other'"),
        ({"masks": {"base": {"sums": "x.pt"}}}, "masks.base: unknown dataset 'sums'"),
        ({"masks": {"base": {"demo": "x.pt"}}}, "masks.base.demo: no such file 'x.pt'"),
    ],
)
def test_mistakes_in_the_configuration_are_named(settings, message):
    with pytest.raises(InputError, match=message):
        read_configuration({**CONFIG, "deactivation": settings})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"languages": ["en", "xx"]}, "steering.languages: found 'xx', expected some of .* en, de"),
        ({"languages": ["en"]}, "steering.languages: found .*, expected at least 2 entries"),
        ({"methods": ["plnd"]}, "steering.methods: found 'plnd', expected some of the methods"),
        ({"models": ["other"]}, "steering.models: found 'other', expected a model"),
        ({"set": "related"}, "steering.set: found 'related', expected one of"),
        ({"factor": 0}, "steering.factor: found 0, expected a number above 0"),
        ({"factor": [1, 0]}, "steering.factor.1: found 0, expected a number above 0$"),
        ({"factor": []}, r"steering.factor: found \[\], expected at least 1 entry$"),
        ({"factor": [1, 1.0]}, r"steering.factor: found \[1, 1.0\], expected no repeated entry$"),
        ({"mode": "replace"}, "steering.mode: found 'replace', expected one of .*set.*add.*scale"),
        ({"mode": ["add", "plus"]}, "steering.mode.1: found 'plus', expected one of"),
        ({"mode": []}, r"steering.mode: found \[\], expected at least 1 entry$"),
        ({"mode": ["add", "add"]}, "steering.mode: found .*, expected no repeated entry$"),
        ({"max_repetition": 1}, "steering.max_repetition: found 1, expected a number below 1"),
        ({"raise_to": "median"}, "steering.raise_to: found 'median'"),
    ],
)
def test_mistakes_in_steering_are_named(settings, message):
    with pytest.raises(InputError, match=message):
        read_configuration({**CONFIG, "steering": settings})
