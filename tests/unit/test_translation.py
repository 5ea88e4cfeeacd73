"""Cross-entropies of given translations: Hugging Face's own, whatever batch they were in."""

import logging

import numpy as np
import pytest
import torch
from tiny_models import save_tiny_model
from tiny_translators import (
    ARCHITECTURES,
    NLLB_CODES,
    TEXTS,
    save_tiny_m2m100,
    save_tiny_marian,
    save_tiny_nllb,
    tiny_seq2seq,
)
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, M2M100ForConditionalGeneration

from langneurons.alignment import forced_decoding
from langneurons.alignment.forced_decoding import ForcedDecoder
from langneurons.alignment.translation import Translator, check_translation
from langneurons.errors import InputError
from langneurons.models.spec import ModelSpec

M2M100_CODES = {"en": "en", "de": "de", "ja": "ja"}
LANGUAGES = ["en", "de", "ja"]


@pytest.fixture(scope="module")
def nllb(tmp_path_factory):
    return save_tiny_nllb(tmp_path_factory.mktemp("nllb"))


@pytest.fixture(scope="module")
def m2m100(tmp_path_factory):
    return save_tiny_m2m100(tmp_path_factory.mktemp("m2m100"))


@pytest.fixture(scope="module")
def marian(tmp_path_factory):
    return save_tiny_marian(tmp_path_factory.mktemp("marian"))


def spec(folder, **keys):
    return ModelSpec(path=str(folder), device="cpu", **keys)


def random_texts(count: int, longest: int, seed: int = 0) -> list[list[int]]:
    """Token ids from 3 to 49 (1 pads) of lengths 1 to ``longest``."""
    chance = np.random.default_rng(seed)
    lengths = chance.integers(1, longest + 1, count)
    return [chance.integers(3, 50, length).tolist() for length in lengths]


def own_loss(model, source, target) -> float:
    """The loss of an unpadded batch of one."""
    ids, labels = torch.tensor([source]), torch.tensor([target])
    with torch.inference_mode():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss.item()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_cross_entropy_is_the_loss_of_an_unpadded_batch_of_one(architecture):
    model = tiny_seq2seq(architecture, 50)
    sources, targets = random_texts(5, 12), random_texts(7, 20, seed=1)
    pairs = np.array([(source, target) for target in range(7) for source in range(5)])
    found = ForcedDecoder(model).cross_entropies(sources, targets, pairs, 1000, progress=False)
    expected = [own_loss(model, sources[source], targets[target]) for source, target in pairs]
    assert found == pytest.approx(expected, rel=1e-5)
    assert np.ptp(found) > 0.1


@pytest.mark.parametrize("batch_tokens", [1, 30, 100, 10_000])
def test_the_batch_does_not_matter(batch_tokens):
    decoder = ForcedDecoder(tiny_seq2seq("m2m_100", 50))
    sources, targets = random_texts(9, 30), random_texts(9, 30, seed=1)
    pairs = np.array([(row, (row * 5 + step) % 9) for step in range(3) for row in range(9)])
    alone = [
        decoder.cross_entropies(sources, targets, pair[None], 1, progress=False)[0]
        for pair in pairs
    ]
    together = decoder.cross_entropies(sources, targets, pairs, batch_tokens, progress=False)
    # As the released code has it, a short text in a batch with a long one would be off by factors.
    assert together == pytest.approx(alone, rel=1e-5)


def test_pieces_of_logits_do_not_matter(monkeypatch):
    model = tiny_seq2seq("m2m_100", 50)
    arguments = random_texts(4, 12), random_texts(4, 12, seed=1), np.arange(4)[:, None].repeat(2, 1)
    whole = ForcedDecoder(model).cross_entropies(*arguments, 1000, progress=False)
    monkeypatch.setattr(forced_decoding, "LOGITS_HELD", 150)  # 150 // 50: three tokens a piece
    pieces = ForcedDecoder(model).cross_entropies(*arguments, 1000, progress=False)
    assert pieces == pytest.approx(whole, rel=1e-6)


def test_a_source_is_encoded_once_for_all_its_targets(monkeypatch):
    model = tiny_seq2seq("m2m_100", 50)
    decoder = ForcedDecoder(model)
    encoded = []
    hook = model.get_encoder().register_forward_pre_hook(
        lambda module, args, kwargs: encoded.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    pairs = np.array([(source, target) for source in (0, 2) for target in range(4)])
    decoder.cross_entropies(random_texts(3, 9), random_texts(4, 9, 1), pairs, 20, progress=False)
    hook.remove()
    assert sum(encoded) == 2  # source 1 is in no pair


def test_no_logits_of_whole_batches():
    model = tiny_seq2seq("m2m_100", 50)
    decoder = ForcedDecoder(model)
    shapes = []
    hook = model.register_forward_hook(
        lambda module, args, output: shapes.append(output.logits.shape)
    )
    pairs = np.array([(0, 0), (0, 1)])
    decoder.cross_entropies(random_texts(1, 9), random_texts(2, 9, 1), pairs, 100, progress=False)
    hook.remove()
    assert [shape[1:] for shape in shapes] == [(0, 50)]


def test_no_pairs():
    decoder = ForcedDecoder(tiny_seq2seq("m2m_100", 50))
    assert decoder.cross_entropies([], [], np.zeros((0, 2), int), 100, progress=False).size == 0


def test_nan_is_refused():
    model = tiny_seq2seq("m2m_100", 50)
    decoder = ForcedDecoder(model)
    with torch.no_grad():
        model.lm_head.weight[7] = float("nan")
    with pytest.raises(InputError, match=r"NaN among the logits \(torch.float32\)"):
        decoder.cross_entropies([[3, 4]], [[5, 7]], np.zeros((1, 2), int), 100, progress=False)


def test_a_model_whose_loss_is_another():
    class Capped(M2M100ForConditionalGeneration):
        def forward(self, *args, **kwargs):
            output = super().forward(*args, **kwargs)
            output.loss = torch.tensor(9.0)
            return output

    message = r"Capped: its loss is 9\.0000 where its output embeddings and last states give"
    with pytest.raises(InputError, match=message):
        ForcedDecoder(Capped(tiny_seq2seq("m2m_100", 50).config).eval())


@pytest.mark.parametrize(("kind", "codes"), [("nllb", NLLB_CODES), ("m2m100", M2M100_CODES)])
def test_texts_have_the_codes_of_their_languages(kind, codes, request):
    folder = request.getfixturevalue(kind)
    translator = Translator(spec(folder), codes, LANGUAGES)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    code = {"nllb": "{}", "m2m100": "__{}__"}[kind].format
    # Languages take turns: none may be left over from the text before.
    for language, text in [("de", TEXTS[1]), ("ja", TEXTS[2]), ("en", TEXTS[0])]:
        for encode in (translator.encode_sources, translator.encode_targets):
            tokens = tokenizer.convert_ids_to_tokens(encode([text], language)[0])
            assert tokens[0] == code(codes[language])
            assert tokens[-1] == "</s>"
            assert "<unk>" not in tokens
    assert translator.positions == 64


@pytest.mark.parametrize(("kind", "codes"), [("nllb", NLLB_CODES), ("m2m100", M2M100_CODES)])
def test_a_saved_model_scores_as_transformers_would(kind, codes, request):
    folder = request.getfixturevalue(kind)
    translator = Translator(spec(folder), codes, LANGUAGES)
    sources = translator.encode_sources(TEXTS[1:2], "de")
    targets = translator.encode_targets(TEXTS[:1], "en")
    found = translator.decoder.cross_entropies(sources, targets, np.zeros((1, 2), int), 100, False)
    tokenizer = AutoTokenizer.from_pretrained(folder, src_lang=codes["de"], tgt_lang=codes["en"])
    inputs = tokenizer(TEXTS[1], text_target=TEXTS[0], return_tensors="pt")
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    assert found[0] == pytest.approx(model(**inputs).loss.item(), rel=1e-5)


def test_a_model_without_language_codes(marian):
    translator = Translator(spec(marian), None, ["de", "en"])
    assert translator.encode_targets(["ab"], "en") == translator.encode_sources(["ab"], "de")
    losses = translator.decoder.cross_entropies(
        [[5, 6]], [[7, 8, 9]], np.zeros((1, 2), int), 100, False
    )
    assert losses.shape == (1,)


def test_no_texts(nllb):
    translator = Translator(spec(nllb), NLLB_CODES, LANGUAGES)
    assert translator.encode_sources([], "de") == translator.encode_targets([], "en") == []


def test_a_long_text_is_encoded_whole_and_without_a_warning(nllb, caplog):
    with caplog.at_level(logging.WARNING):
        [ids] = Translator(spec(nllb), NLLB_CODES, ["en"]).encode_sources(["1" * 100], "en")
    assert len(ids) == 103  # code, ▁, digits, end
    assert not caplog.records


@pytest.mark.parametrize(
    ("kind", "codes", "message"),
    [
        (
            "nllb",
            {"en": "eng_Latn"},
            r"no translation code for language 'de'; NllbTokenizer needs one, found codes for: en",
        ),
        ("m2m100", None, "no translation code for language 'en'; .* found codes for: none"),
        (
            "nllb",
            {**NLLB_CODES, "ja": "ja"},
            "the tokenizer knows no language code 'ja' .given for 'ja'.; expected one of its 3: "
            "deu_Latn eng_Latn jpn_Jpan",
        ),
        # An ordinary word of the vocabulary is no language.
        ("nllb", {**NLLB_CODES, "de": "5"}, "knows no language code '5'"),
        ("m2m100", {**M2M100_CODES, "de": "deu_Latn"}, "no language code 'deu_Latn' .* 100: af am"),
        ("marian", {"en": "en"}, "translation codes en were given, but .* takes no language codes"),
    ],
)
def test_codes_are_checked_without_weights(kind, codes, message, request):
    folder = request.getfixturevalue(kind)
    with pytest.raises(InputError, match=message):
        check_translation(spec(folder), codes, LANGUAGES)


def test_checks_need_no_weights(nllb, tmp_path):
    for file in nllb.iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    check_translation(spec(tmp_path), NLLB_CODES, LANGUAGES)
    translator = Translator(spec(tmp_path), NLLB_CODES, LANGUAGES)
    with pytest.raises(InputError, match="the weights cannot be read"):
        translator.decoder.cross_entropies([[5]], [[5]], np.zeros((1, 2), int), 10, False)


def test_a_model_that_is_no_seq2seq(tmp_path):
    save_tiny_model(tmp_path, "llama")
    with pytest.raises(InputError, match="LlamaForCausalLM is no encoder–decoder; expected a tran"):
        check_translation(spec(tmp_path), {}, [])


def test_an_absent_model(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        check_translation(spec(tmp_path / "absent"), {}, [])
