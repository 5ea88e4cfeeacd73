"""Partners among parallel texts by hand, pooled states and losses against direct passes."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_models import LAYERS, save_tiny_model, tiny_config, tiny_model, tiny_tokenizer

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.models.probing import decoder_layers, decoder_of
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS
from langneurons.retrieval.losses import losses_of, translation_tokens, translations
from langneurons.retrieval.measuring import measure_retrieval
from langneurons.retrieval.partners import parallel_texts, partner_ranks, ranks_by_layer
from langneurons.retrieval.schemas import LOSSES, PARTNERS
from langneurons.retrieval.states import pooled_states

pytestmark = pytest.mark.usefixtures("one_thread")
LANGUAGES = ["en", "de", "sw"]
PROMPT = "{source_language}: {source}\n{target_language}: "


def tokens(rows):
    return pd.DataFrame(rows, columns=TOKENS.names)


TEXTS = tokens(
    [
        ("a", "en", 0, [1], [40, 41, 42]),
        ("a", "de", 0, [1], [50, 51]),
        ("b", "en", 0, [1, 60], [61]),
        ("b", "de", 0, [1], [70, 71, 72, 73, 74, 75, 76]),
        ("c", "en", 0, [], [80, 81, 82]),
        ("c", "de", 0, [1], [90]),
    ]
)


def test_the_nearest_candidate_by_cosine_is_found_however_long_it_is():
    queries = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    # Cosines of the first query: 1, 0, 0.8; of the second: 0, 1, 0.6; of the third: 0.71, 0.71,
    # 1.4 / √2 = 0.99.
    candidates = np.array([[9, 0], [0, 0.1], [0.8, 0.6]], np.float32)
    assert partner_ranks(queries, candidates).tolist() == [1, 1, 1]
    # With the partners of the first two swapped: 0 has 1 and 0.8 before it, 0 has 1 and 0.6.
    assert partner_ranks(queries, candidates[[1, 0, 2]]).tolist() == [3, 3, 1]


def test_a_tie_is_not_found():
    queries = np.array([[1, 0], [1, 0.1], [0, 1]], np.float32)
    candidates = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert partner_ranks(queries, candidates).tolist() == [2, 2, 1]
    # Nor where equal columns of a product of matrices are rounded apart.
    random = np.random.default_rng(0)
    for n in range(5, 40):
        same = np.tile(random.normal(size=577).astype(np.float32), (n, 1))
        assert partner_ranks(random.normal(size=(n, 577)), same).tolist() == [n] * n


def test_every_layer_and_language_is_looked_up_among_the_pivots_texts():
    en = np.array([[1, 0], [0, 1]])
    # (problems, languages, layers, hidden): German is swapped at layer 1, Swahili never.
    states = np.zeros((2, 3, 2, 2), np.float32)
    states[:, 0, 0], states[:, 0, 1] = en, en
    states[:, 1, 0], states[:, 1, 1] = en, en[::-1]
    states[:, 2, 0], states[:, 2, 1] = en, en
    table = ranks_by_layer(states, ["a", "b"], LANGUAGES, "en")
    assert set(table["language"]) == {"de", "sw"}
    assert len(table) == 2 * 2 * 2
    lost = table[~table["found"]]
    assert set(zip(lost["language"], lost["layer"], lost["rank"], strict=True)) == {("de", 1, 2)}
    assert lost["problem"].tolist() == ["a", "b"]


def test_the_first_sample_of_each_problem_and_language_is_taken():
    several = pd.concat(
        [TEXTS.assign(sample=1, response_tokens=[[9]] * 6), TEXTS], ignore_index=True
    )
    chosen = parallel_texts(several, ["de", "en"])
    assert list(zip(chosen["problem"], chosen["language"], strict=True)) == [
        ("a", "de"), ("a", "en"), ("b", "de"), ("b", "en"), ("c", "de"), ("c", "en"),
    ]  # fmt: skip
    assert chosen["response_tokens"].tolist()[:2] == [[50, 51], [40, 41, 42]]
    assert list(parallel_texts(TEXTS, ["en", "de"], 2)["problem"]) == ["a", "a", "b", "b"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (TEXTS.drop(index=3), r"problem 'b' has no text in de; expected each problem in all of"),
        (TEXTS.assign(response_tokens=[[4]] * 5 + [[]]), r"problem 'c' has no text in de"),
        (TEXTS.iloc[:2], r"found 1 problem, expected at least 2"),
    ],
)
def test_texts_that_are_not_parallel_or_too_few_are_refused(rows, message):
    with pytest.raises(InputError, match=message):
        parallel_texts(rows, ["en", "de"])


def by_hand(model, prompt, response):
    """The mean of each layer's states over the response, one sequence without padding."""
    last = []
    hook = decoder_layers(model)[-1].register_forward_hook(
        lambda _, __, output: last.append(output[0] if isinstance(output, tuple) else output)
    )
    with torch.inference_mode():
        found = decoder_of(model)(
            input_ids=torch.tensor([prompt + response]), output_hidden_states=True, use_cache=False
        ).hidden_states
    hook.remove()
    # The last of them has passed the final norm.
    layers = torch.stack([*found[:-1], last[0]])[:, 0, len(prompt) :]
    return layers.mean(dim=1).numpy()


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "gemma2", "bloom"])
@pytest.mark.parametrize("batch_tokens", [1, 1000])
def test_states_are_means_over_the_response_whatever_the_padding(architecture, batch_tokens):
    model = tiny_model(tiny_config(architecture))
    rows = pd.concat([TEXTS, TEXTS.iloc[[3, 0]]], ignore_index=True)
    found = pooled_states(model, rows, batch_tokens, progress=False)
    expected = [by_hand(model, *row) for row in rows[TOKENS.names[-2:]].itertuples(index=False)]
    assert found.dtype == np.float32
    assert found.shape == (8, LAYERS + 1, 16)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    # Equal texts have equal states, so that a tie shows.
    assert (found[[6, 7]] == found[[3, 0]]).all()


def test_states_that_are_not_finite_name_their_layer():
    model = tiny_model(tiny_config("llama"))
    hook = decoder_layers(model)[1].register_forward_hook(lambda _, __, output: output * np.nan)
    with pytest.raises(InputError, match="NaN or infinite numbers in the states of layer 2"):
        pooled_states(model, TEXTS, 1000, progress=False)
    hook.remove()


def cross_entropy(model, ids, scored):
    """Mean NLL of the last ``scored`` tokens."""
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0, -scored - 1 : -1].double()
    target = torch.tensor(ids[-scored:])
    return float(torch.nn.functional.cross_entropy(logits, target))


def test_the_loss_of_a_text_is_the_cross_entropy_of_its_response():
    model = tiny_model(tiny_config("llama"))
    table = losses_of(model, TEXTS, "text", 1000)
    # The last but one has no prompt, so that nothing predicts its first token.
    assert table["tokens"].tolist() == [3, 2, 1, 7, 2, 1]
    for row, (_, text) in zip(table.itertuples(), TEXTS.iterrows(), strict=True):
        ids = [*text["prompt_tokens"], *text["response_tokens"]]
        assert row.nll == pytest.approx(cross_entropy(model, ids, row.tokens), rel=1e-5)


def corpus():
    texts = {"en": ["one", "seven"], "de": ["eins", "sieben"], "sw": ["moja", "saba"]}
    rows = [(f"p{i}", k, texts[k][i], 1.0, []) for i in range(2) for k in texts]
    return pd.DataFrame(rows, columns=CORPUS.names)


def test_a_translation_is_asked_for_in_a_direction_and_its_target_is_scored():
    model = tiny_model(tiny_config("llama"))
    into = translations(corpus(), ["p0", "p1"], LANGUAGES, "en", "to_pivot", PROMPT)
    assert into["language"].tolist() == ["de", "de", "sw", "sw"]
    assert into["prompt"].tolist()[1] == "German: sieben\nEnglish: "
    assert into["response"].tolist()[1] == "seven"
    out = translations(corpus(), ["p1"], LANGUAGES, "en", "from_pivot", PROMPT)
    assert out["prompt"].tolist() == ["English: seven\nGerman: ", "English: seven\nSwahili: "]
    assert out["response"].tolist() == ["sieben", "saba"]
    tokenizer = tiny_tokenizer()
    scored = losses_of(model, translation_tokens(model, tokenizer, out), "from_pivot", 1000)
    ids = tokenizer("English: seven\nSwahili: saba")["input_ids"]
    assert ids[-1] != tokenizer.eos_token_id
    assert scored["tokens"].tolist() == [6, 4]
    assert scored["nll"].iloc[1] == pytest.approx(cross_entropy(model, ids, 4), rel=1e-5)


def test_a_text_that_is_not_there_is_not_translated():
    with pytest.raises(InputError, match="problem 'p1' has no text in sw"):
        translations(corpus().iloc[:-1], ["p0", "p1"], LANGUAGES, "en", "to_pivot", PROMPT)


@pytest.fixture
def case(tmp_path):
    """Arguments of `measure_retrieval` but for the parameters."""
    save_tiny_model(tmp_path / "model", "llama")
    tokenizer = tiny_tokenizer()
    rows = corpus()
    read = rows[["problem", "language"]].assign(
        sample=0,
        prompt_tokens=[[1]] * 6,
        response_tokens=[tokenizer(text)["input_ids"] for text in rows["question"]],
    )
    write_table(read, tmp_path / "tokens", TOKENS)
    write_table(rows, tmp_path / "corpus", CORPUS)
    return {
        "spec": ModelSpec(str(tmp_path / "model"), device="cpu"),
        "tokens_path": tmp_path / "tokens",
        "corpus_path": tmp_path / "corpus",
        "outputs": {key: tmp_path / key for key in ("partners", "losses")},
        "languages": LANGUAGES,
        "pivot": "en",
        "progress": False,
    }


def test_a_model_is_measured_on_all_texts_and_scored_on_some(case, caplog):
    caplog.set_level("INFO")
    parameters = {"loss_problems": 1, "directions": ["to_pivot", "from_pivot"], "prompt": PROMPT}
    measure_retrieval(**case, parameters=parameters)
    partners = read_table(case["outputs"]["partners"], PARTNERS)
    assert len(partners) == 2 * (LAYERS + 1) * 2
    assert (partners["found"] == (partners["rank"] == 1)).all()
    losses = read_table(case["outputs"]["losses"], LOSSES)
    assert set(losses["problem"]) == {"p0"}
    measured = losses.groupby("measure", sort=False)["language"].agg(list).to_dict()
    assert measured == {"text": LANGUAGES, "to_pivot": ["de", "sw"], "from_pivot": ["de", "sw"]}
    assert read_provenance(case["outputs"]["losses"])["pivot"] == "en"
    said = [one.getMessage() for one in caplog.records if hasattr(one, "console")]
    # 3 + 5 + 4 + 6 + 4 + 4 bytes and six tokens that begin a text.
    assert said == ["reads 32 tokens of 2 parallel texts in 3 languages"]


def test_losses_need_not_be_measured(case):
    parameters = {"loss_problems": 0, "directions": ["to_pivot"], "prompt": PROMPT}
    measure_retrieval(**case, parameters=parameters)
    assert read_table(case["outputs"]["losses"], LOSSES).empty
    parameters = {"loss_problems": 2, "directions": [], "prompt": PROMPT}
    measure_retrieval(**case, parameters=parameters)
    assert set(read_table(case["outputs"]["losses"], LOSSES)["measure"]) == {"text"}


def test_what_is_refused_names_its_file(case):
    rows = read_table(case["tokens_path"], TOKENS)
    write_table(rows[rows["language"] != "sw"], case["tokens_path"], TOKENS)
    with pytest.raises(InputError, match=r"tokens: problem 'p0' has no text in sw"):
        measure_retrieval(**case, parameters={"loss_problems": 0, "directions": []})
