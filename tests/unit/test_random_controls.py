"""Random controls: by layer and by activity, whose neurons they never are, how alike they are."""

import numpy as np
import pandas as pd
import pytest
from tiny_models import save_tiny_model

from langneurons.activations.counts import probabilities_schema
from langneurons.artifacts.tables import write_table
from langneurons.errors import InputError
from langneurons.interventions.bench import Subject
from langneurons.interventions.deactivation_cells import cells_of
from langneurons.interventions.matching import Controls, matched_controls
from langneurons.models.spec import ModelSpec
from langneurons.neurons.controls import NEAREST, activity_of, control, imbalance

NAMES = ("specific", "en")


def marked(shape, *places):
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(np.array(places, dtype=int).reshape(-1, 2).T)] = True
    return mask


NONE = marked((2, 24))


def random_activity(L, D):
    """Where neurons lie, from random probabilities and norms."""
    random = np.random.default_rng(1)
    return activity_of(random.random((L, D)), random.lognormal(size=(L, D)))


@pytest.mark.parametrize("activity", [None, random_activity(3, 100)], ids=["layer", "activity"])
def test_controls_are_as_many_in_each_layer_of_no_language_and_repeatable(activity):
    generator = np.random.default_rng(0)
    neurons = np.zeros((3, 100), dtype=bool)
    neurons[0, generator.permutation(100)[:30]] = True
    neurons[2, :3] = True
    claimed = neurons.copy()
    claimed[:, 60:90] = True  # of other languages
    drawn = control(neurons, claimed, 0, *NAMES, activity)
    assert drawn.sum(axis=1).tolist() == [30, 0, 3]
    assert not (drawn & claimed).any()
    assert (drawn == control(neurons, claimed, 0, *NAMES, activity)).all()
    for other in [(1, *NAMES), (0, "specific+related", "en"), (0, "specific", "de")]:
        assert (drawn != control(neurons, claimed, *other, activity)).any()


@pytest.mark.parametrize("activity", [None, random_activity(1, 10)], ids=["layer", "activity"])
def test_where_a_layer_has_too_few_neurons_the_set_fills_up_and_no_other_language(activity):
    # 4 of the set, 3 of another language, 3 of none: these and one of the set.
    neurons = marked((1, 10), *((0, j) for j in range(4)))
    claimed = marked((1, 10), *((0, j) for j in range(7)))
    drawn = control(neurons, claimed, 0, *NAMES, activity)[0]
    assert drawn.sum() == 4
    assert drawn[7:].all()
    assert not drawn[4:7].any()


def test_activity_by_hand():
    e = np.e
    found = activity_of(np.array([[0.0, 1.0], [0.3, 0.3]]), np.array([[1.0, e**2], [0.0, 5.0]]))
    # Peaks 0 and 1: mean ½, standard deviation ½. Logarithms 0 and 2: mean 1, standard deviation 1.
    np.testing.assert_allclose(found[0], [[-1, -1], [1, 1]])
    # All peaks alike; of a norm of 0 the least other one stands in, here the only other.
    np.testing.assert_allclose(found[1], 0)
    assert np.isfinite(activity_of(np.zeros((1, 3)), np.zeros((1, 3)))).all()


def test_a_partner_is_one_of_the_nearest():
    # The neuron 0 at (0, 0); 1 to 5 at distance 1 to 5; 6 to 20 far away; 21 nearest, but of
    # another language.
    at = np.zeros((1, 22, 2))
    at[0, 1:6, 0] = [1, -2, 3, -4, 5]
    at[0, 6:21, 1] = np.arange(6, 21)
    at[0, 21, 0] = 0.1
    neurons, claimed = marked((1, 22), (0, 0)), marked((1, 22), (0, 0), (0, 21))
    drawn = [control(neurons, claimed, seed, *NAMES, at)[0] for seed in range(60)]
    assert NEAREST == 5
    assert {int(np.flatnonzero(one).item()) for one in drawn} == {1, 2, 3, 4, 5}
    # Both quantities count: a sixth at a distance of √(0.5² + 0.5²) < 5 takes the place of 5.
    at[0, 6] = [0.5, 0.5]
    drawn = [control(neurons, claimed, seed, *NAMES, at)[0] for seed in range(60)]
    assert {int(np.flatnonzero(one).item()) for one in drawn} == {1, 2, 3, 4, 6}


def test_a_partner_is_taken_once_and_the_next_ones_follow():
    # Eight neurons in one place, and others at the distances 1 to 40: none is drawn twice, and as
    # each is one of the five that are nearest then, none of the eight lies beyond the twelfth.
    at = np.zeros((1, 48, 2))
    at[0, 8:, 0] = np.arange(1, 41)
    neurons = marked((1, 48), *((0, j) for j in range(8)))
    for seed in range(20):
        drawn = np.flatnonzero(control(neurons, neurons, seed, *NAMES, at)[0])
        assert len(drawn) == 8
        assert at[0, drawn, 0].max() <= 12


def test_imbalance_by_hand():
    at = np.zeros((2, 4, 2))
    at[0, :, 0], at[1, :, 0] = [0, 1, 2, 5], [10, 20, 30, 40]
    at[0, 1, 1] = 3
    neurons, drawn = marked((2, 4), (0, 0), (0, 1), (1, 0)), marked((2, 4), (0, 2), (0, 3), (1, 1))
    # Means (0 + 1 + 10) / 3 and (2 + 5 + 20) / 3; 3 / 3 and 0.
    np.testing.assert_allclose(imbalance(neurons, drawn, at), [(11 - 27) / 3, 1])
    assert np.isnan(imbalance(neurons & False, drawn & False, at)).all()


def test_controls_by_activity_are_more_like_their_set():
    random = np.random.default_rng(0)
    peak, norms = random.random((4, 500)), random.lognormal(size=(4, 500))
    at = activity_of(peak, norms)
    # Half of the neurons with a high peak belong to the language.
    neurons = (peak > 0.8) & (random.random((4, 500)) < 0.5)
    by_layer, by_activity = (
        np.mean([abs(imbalance(neurons, control(neurons, neurons, seed, *NAMES, how), at))
                 for seed in range(5)], axis=0)
        for how in (None, at)
    )  # fmt: skip
    assert by_layer[0] > 1
    assert (by_activity < 0.15).all()


def test_what_is_recorded_and_reported_of_controls(caplog):
    caplog.set_level("INFO")
    at = np.zeros((1, 6, 2))
    at[0, :, 0] = [0, 4, 1, 1, 1, 1]
    one, two = marked((1, 6), (0, 0)), marked((1, 6), (0, 1))
    controls = Controls(one | two, at)
    controls.draw(one, 0, "specific", "en")
    controls.draw(two, 1, "specific", "de")
    controls.draw(one & False, 0, "specific", "sw")  # no neurons, nothing to say
    # From 0 and 4 to the others at 1.
    rest = {"neurons": 1, "repeated": 0, "down_norm": 0.0}
    assert controls.drawn == [
        {"set": "specific", "control_seed": 0, "language": "en", **rest, "peak_probability": -1.0},
        {"set": "specific", "control_seed": 1, "language": "de", **rest, "peak_probability": 3.0},
    ]
    controls.report()
    assert caplog.messages[0] == (
        "random controls: the peak probability is apart from that of their sets by 2.00 standard "
        "deviations of a layer on average, at most by 3.00 (specific, de, seed 1)"
    )
    assert "log ‖W_down‖" in caplog.messages[1]
    caplog.clear()
    # All neurons of layer 0 are of some language.
    crowded = Controls(marked((2, 6), *((0, j) for j in range(6)), (1, 0)))
    crowded.draw(marked((2, 6), (0, 0), (0, 1)), 0, "specific", "en")
    crowded.draw(marked((2, 6), (1, 0)), 0, "specific", "de")
    crowded.report()
    assert caplog.messages == [
        "1 of 2 random controls hold neurons of their own set, because layers have too few that no "
        "language claims; most of them specific, en, seed 0: 100 %"
    ]
    caplog.clear()
    Controls(marked((1, 6))).report()
    assert caplog.messages == []


def test_a_related_neuron_is_no_control_of_specific_ones():
    # Neuron 1 is like the specific neuron 0, but of other languages; so are all but 2 and 3.
    at = np.full((1, 6, 2), 9.0)
    at[0, :2] = 0
    one, languages = marked((1, 6), (0, 0)), marked((1, 6), (0, 0), (0, 1), (0, 4), (0, 5))
    for activity in (None, at):
        controls = Controls(languages, activity)
        drawn = [controls.draw(one, seed, "specific", "en") for seed in range(20)]
        assert set(np.nonzero(drawn)[2].tolist()) == {2, 3}


def test_random_neurons_beside_the_specific_ones():
    # English: specific 0, related 1 and 2; German: related 2; Swahili: specific 3, nothing related.
    specific = np.stack([marked((1, 12), (0, 0)), marked((1, 12)), marked((1, 12), (0, 3))])
    related = np.stack([marked((1, 12), (0, 1), (0, 2)), marked((1, 12), (0, 2)), marked((1, 12))])
    sets = {"specific": specific, "specific+related": specific | related}
    languages = ["en", "de", "sw"]
    controls = Controls(np.any(specific | related, axis=0))
    cells = cells_of(sets, 2, languages, controls)
    # none, 2 sets × 3 languages × 3, and 3 languages × 2 seeds.
    assert len(cells) == 1 + 18 + 6
    beside = cells[-6:]
    assert {cell.set for cell in beside} == {"specific+random"}
    assert [(cell.deactivated, cell.control_seed) for cell in beside] == [
        (language, seed) for language in languages for seed in (0, 1)
    ]
    for cell in beside[:2]:
        kept, drawn = np.flatnonzero(cell.neurons)[:1], np.flatnonzero(cell.neurons)[1:]
        assert kept.tolist() == [0]
        assert len(drawn) == 2
        assert (drawn > 3).all()  # of no language's set
    assert (beside[0].neurons != beside[1].neurons).any()
    assert [cell.neurons.sum() for cell in beside[2:4]] == [1, 1]
    assert all(cell.empty for cell in beside[4:])  # Swahili has no related neurons to replace
    # Not without both sets, nor without controls.
    for names, seeds in ((["specific"], 2), (["specific+related"], 2), (list(sets), 0)):
        asked = {name: sets[name] for name in names}
        cells = cells_of(asked, seeds, languages, controls)
        assert "specific+random" not in {cell.set for cell in cells}


def write_probabilities(path, L, D, languages=("en", "de")):
    random = np.random.default_rng(0)
    table = pd.DataFrame({"layer": np.repeat(range(L), D), "neuron": np.tile(range(D), L)})
    for language in languages:
        table[language] = random.random(L * D)
    write_table(table, path, probabilities_schema(languages))
    return table


def test_controls_are_matched_by_what_the_model_and_its_probabilities_say(tmp_path):
    path = save_tiny_model(tmp_path / "model", "mistral")
    subject = Subject(ModelSpec(str(path), device="cpu"))
    table = write_probabilities(tmp_path / "p", 2, 24)
    mask = marked((2, 24), (0, 3), (1, 5))
    controls = matched_controls(subject, "activity", tmp_path / "p", NONE, ["de", "en"])
    drawn = controls.draw(mask, 0, *NAMES)
    peak = table[["en", "de"]].max(axis=1).to_numpy().reshape(2, 24)
    norms = np.stack([mlp.down.weight.norm(dim=0).numpy() for mlp in subject.mlps])
    at = activity_of(peak, norms)
    assert (drawn == control(mask, mask, 0, *NAMES, at)).all()
    apart = imbalance(mask, drawn, at)
    found = [controls.drawn[0][name] for name in ("peak_probability", "down_norm")]
    np.testing.assert_allclose(found, apart, rtol=1e-5)


def test_by_layer_no_model_is_loaded(tmp_path):
    nowhere = Subject(ModelSpec(str(tmp_path / "nowhere")))
    assert matched_controls(nowhere, "layer", None, NONE, ["en"]).drawn == []


def test_what_cannot_be_matched_by_activity_is_said(tmp_path):
    nowhere = Subject(ModelSpec(str(tmp_path / "nowhere")))
    write_probabilities(tmp_path / "p", 3, 20)
    message = "p: probabilities of another model: 3 layers of 20 neurons, expected 2 layers of 24"
    with pytest.raises(InputError, match=message):
        matched_controls(nowhere, "activity", tmp_path / "p", NONE, ["en", "de"])
    with pytest.raises(ValueError, match="probabilities_path: found None"):
        matched_controls(nowhere, "activity", None, NONE, ["en", "de"])
    subject = Subject(ModelSpec(str(save_tiny_model(tmp_path / "model", "llama")), device="cpu"))
    down = subject.mlps[1].down
    down.weight.data = down.weight.data.char()
    write_probabilities(tmp_path / "p", 2, 24)
    message = (
        r"controls can be matched by layer only: layer 1: the down projection \(Linear\) has "
        r"weights of shape .* and type torch.int8, expected a vector of floating-point numbers"
    )
    with pytest.raises(InputError, match=message):
        matched_controls(subject, "activity", tmp_path / "p", NONE, ["en", "de"])
