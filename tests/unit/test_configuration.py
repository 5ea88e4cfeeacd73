"""Every mistake in a configuration is one sentence that names the key and the fix."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from langneurons.errors import InputError
from langneurons.experiment.declared import methods
from langneurons.experiment.experiment import Experiment
from langneurons.experiment.reading import read_configuration

ROOT = Path(__file__).parents[2]
PAIR = {
    "languages": ["en", "de", "sw"],
    "datasets": {"demo": {"format": "demo", "problems": 12}},
    "models": {"base": {"path": "owner/base"}, "aligned": {"path": "owner/aligned"}},
    "comparisons": [{"before": "base", "after": "aligned"}],
}


def changed(**changes):
    """`PAIR` with dotted keys set (``__`` for the dot), or removed where the value is None."""
    config = deepcopy(PAIR)
    for dotted, value in changes.items():
        *parents, key = dotted.split("__")
        place = config
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is None:
            del place[key]
        else:
            place[key] = value
    return config


def test_defaults_are_filled_in():
    config = read_configuration(PAIR)
    assert config.pivot == "en"
    assert config.neurons.settings() == {
        "ternary": {"top_rate": 0.01, "threshold_quantile": 0.95, "lambda": "auto"},
        "lape": {"top_rate": 0.01, "threshold_quantile": 0.95},
    }
    assert config.datasets["demo"].split == "evaluation"
    assert config.models["base"].responses_from == "own"
    assert config.generation.temperature == 0
    assert config.figures.colours.general == "#009E73"
    assert "datasets" in PAIR, "the configuration given is left as it was"
    assert "pivot" not in PAIR


def test_naming_one_method_leaves_the_other_out():
    config = read_configuration(changed(neurons={"ternary": {"top_rate": 0.05}}))
    assert config.neurons.settings() == {
        "ternary": {"top_rate": 0.05, "threshold_quantile": 0.95, "lambda": "auto"}
    }


def test_a_model_of_published_counts_has_their_datasets(tmp_path):
    for language in PAIR["languages"]:
        for name in ("activation", "prefix.activation"):
            (tmp_path / f"{name}.{language}.M.pt").touch()
    experiment = Experiment(changed(models__published={"counts": {"mgsm": str(tmp_path)}}))
    assert experiment.datasets_of("published") == ["mgsm"]
    assert experiment.datasets_of("base") == ["demo"]
    assert experiment.datasets_of_pair({"before": "base", "after": "aligned"}) == ["demo"]
    assert experiment.datasets_of_pair({"before": "base", "after": "published"}) == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (changed(nuerons={}), "unknown key 'nuerons'; did you mean 'neurons'?"),
        (changed(models__base={"pth": "x"}), "models.base: "),
        (
            changed(models__base__pathh="x"),
            "models.base: unknown key 'pathh'; did you mean 'path'?",
        ),
        (changed(languages=None), "top level: missing key 'languages'"),
        (changed(languages=["en"]), "languages: found ['en'], expected at least 2 entries"),
        (changed(languages=["en", "en"]), "expected no repeated entry"),
        (changed(languages=["en", "xx"]), "languages: unknown language 'xx'"),
        (changed(languages="en de"), "languages: found 'en de', expected a value of type array"),
        (changed(pivot="fr"), "pivot: found 'fr', expected one of the languages en de sw"),
        (
            changed(neurons={"ternary": {"top_rate": 0}}),
            "top_rate: found 0, expected a number above",
        ),
        (
            changed(neurons={"lape": {"top_rate": 1}}),
            "top_rate: found 1, expected a number below 1",
        ),
        (
            changed(neurons={"guess": {}}),
            "unknown key 'guess'; known keys: ternary, activation_difference,",
        ),
        (changed(neurons={"ternary": {"lambda": "most"}}), "neurons.ternary.lambda: found 'most'"),
        (changed(uncertainty={"folds": "ten"}), "folds: found 'ten', expected a value of type"),
        (
            changed(datasets__demo={"format": "tsv"}),
            "datasets.demo.format: found 'tsv', expected one",
        ),
        (changed(datasets__demo__path="x"), "datasets.demo: unknown key 'path'"),
        (changed(datasets__m={"format": "mgsm"}), "datasets.m: missing key 'path'"),
        (
            changed(datasets__m={"format": "mgsm", "path": "no/such/folder"}),
            "datasets.m.path: no such file or folder no/such/folder",
        ),
        (changed(models__base__path="./nowhere"), "models.base.path: no such folder './nowhere'"),
        (
            changed(models__published={"counts": {"mgsm": "no/folder"}}),
            "models.published.counts.mgsm: no/folder: no such folder",
        ),
        (
            changed(models__aligned__responses_from="writer"),
            "models.aligned.responses_from: found 'writer', expected own, data or one of",
        ),
        (
            changed(models__aligned__responses_from="base", models__base__responses_from="aligned"),
            "takes its own responses from elsewhere",
        ),
        (
            changed(comparisons=[{"before": "base", "after": "alinged"}]),
            "comparisons.0.after: unknown model 'alinged'; models: base, aligned",
        ),
        (changed(comparisons=[{"before": "base", "after": "base"}]), "are both 'base'"),
        (
            changed(comparisons=[{"before": "base", "after": "aligned", "trained": ["fr"]}]),
            "comparisons.0.trained: 'fr' is not one of the languages",
        ),
        (changed(prompt="no field"), "{query}"),
        (
            changed(figures={"colours": {"specific": "blue"}}),
            "figures.colours.specific: found 'blue'",
        ),
        (changed(figures={"colours": {"speciffic": "#000000"}}), "did you mean 'specific'?"),
        (changed(**{"models__a-vs-b": {"path": "x"}}), "a-vs-b"),
    ],
)
def test_a_mistake_is_named(config, message):
    with pytest.raises(InputError) as caught:
        read_configuration(config)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_language_without_counts_is_named(tmp_path):
    (tmp_path / "activation.en.M.pt").touch()
    (tmp_path / "prefix.activation.en.M.pt").touch()
    (tmp_path / "activation.de.M.pt").touch()
    config = changed(models__published={"counts": {"mgsm": str(tmp_path)}})
    with pytest.raises(InputError, match=r"prefix\.activation\.de\..*'de', found none"):
        read_configuration(config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (changed(deactivation={}, datasets__demo__limit=0), "limit: found 0, expected a number of"),
        (changed(neurons={}), "neurons: found {}, expected at least 1 entry"),
        (changed(prompt=3), "prompt: found 3, expected a value of type string"),
        (changed(models={}), "models: found {}, expected at least 1 entry"),
        (changed(models="base"), "models: found 'base', expected a value of type object"),
        (changed(models__base="owner/base"), "models.base: found 'owner/base', expected a value"),
        (changed(generation={"samples": True}), "generation.samples: found True, expected a value"),
        (changed(generation={"samples": 1.5}), "generation.samples: found 1.5, expected a value"),
        (changed(figures={"dpi": 5000}), "figures.dpi: found 5000, expected a number of at most"),
        (changed(datasets__demo={"problems": 4}), "datasets.demo: missing key 'format'"),
        (
            changed(neurons={"ternary": {"lambda": -1}}),
            "lambda: found -1, expected one of 'auto' or a number of at least 0",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(config, message):
    with pytest.raises(InputError) as caught:
        read_configuration(config)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_section_without_a_value_is_no_section():
    config = deepcopy(PAIR)
    config["deactivation"] = None  # "deactivation:" with nothing behind it
    with pytest.raises(InputError, match=r"key 'deactivation' has no value; .* write \{\}"):
        read_configuration(config)


def test_a_misspelt_key_is_named_rather_than_the_missing_one():
    with pytest.raises(InputError, match=r"datasets\.demo: unknown key 'problem'; did you mean"):
        read_configuration(changed(datasets__demo={"format": "demo", "problem": 4}))


SHIPPED = {path.stem: path for path in (ROOT / "config").glob("*.yaml")}
del SHIPPED["train_demo"]  # no experiment


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_configurations_follow_the_schema(name):
    import jsonschema

    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    config = yaml.safe_load(SHIPPED[name].read_text())
    jsonschema.validate(config, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**config, "nuerons": {}}, schema)


def test_one_configuration_has_every_method():
    shipped = yaml.safe_load(SHIPPED["methods"].read_text())
    # No test needs the weights that `make weights` fetches.
    shipped["models"]["gemma"] = {"path": "owner/gemma"}
    config = read_configuration(shipped)
    assert set(config.neurons.settings()) == set(methods())
    assert config.doses is not None
    assert config.doses.methods is None  # all


def test_the_schema_and_the_documented_keys_are_those_of_the_types():
    from langneurons.experiment import reference

    assert reference.SCHEMA.read_text() == reference.json_schema(), "run: make reference"
    text = reference.KEYS.read_text()
    assert text == reference.with_key_tables(text), "run: make reference"


def test_every_key_is_documented():
    from langneurons.experiment.reference import key_tables

    rows = [line.split(" | ") for line in key_tables().splitlines() if line.startswith("| `")]
    assert len(rows) > 60
    assert [row for row in rows if not row[-2].strip()] == []
