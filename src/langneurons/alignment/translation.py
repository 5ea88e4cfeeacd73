"""How likely a translation model finds one text as a translation of another (METHOD 5.2)."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from transformers import PreTrainedTokenizerBase

from langneurons.alignment.forced_decoding import ForcedDecoder
from langneurons.errors import InputError
from langneurons.models.loading import context_length, load_tokenizer
from langneurons.models.seq2seq import load_seq2seq_config, load_seq2seq_model
from langneurons.models.spec import ModelSpec

Codes = Mapping[str, str] | None


class Translator:
    """A translation model with its tokenizer; weights load when `decoder` is first used.

    Parameters
    ----------
    spec
        A checkpoint that `AutoModelForSeq2SeqLM` loads.
    codes
        The model's own code for each language, by ISO 639-1 code: ``ja: jpn_Jpan`` for NLLB,
        ``ja: ja`` for M2M100. Empty or None for a model without language codes (Marian, T5).
    languages
        The languages to translate from or to.

    Attributes
    ----------
    name : str
        The checkpoint.
    positions : int or None
        The most tokens that a text may have, special ones included; None if unbounded.

    Raises
    ------
    InputError
        If the checkpoint is not an encoder–decoder, a language has no code, or the tokenizer does
        not know a code.
    """

    def __init__(self, spec: ModelSpec, codes: Codes, languages: Sequence[str]) -> None:
        self.name = spec.path
        self.positions = context_length(load_seq2seq_config(spec))
        self._spec = spec
        self._tokenizer = load_tokenizer(spec)
        self._codes = dict(codes or {})
        _check_codes(spec.path, self._tokenizer, self._codes, languages)

    def encode_sources(self, texts: Sequence[str], language: str) -> list[list[int]]:
        """Return the token ids of texts to translate from, with all special tokens."""
        if not len(texts):
            return []
        if self._codes:
            self._tokenizer.src_lang = self._codes[language]
        return self._tokenizer(list(texts), verbose=False)["input_ids"]

    def encode_targets(self, texts: Sequence[str], language: str) -> list[list[int]]:
        """Return the token ids of translations: language code, text, end, as the model expects."""
        if not len(texts):
            return []
        if self._codes:
            self._tokenizer.tgt_lang = self._codes[language]
        return self._tokenizer(text_target=list(texts), verbose=False)["input_ids"]

    @cached_property
    def decoder(self) -> ForcedDecoder:
        """The model itself; see `load_seq2seq_model` and `ForcedDecoder` for the errors."""
        return ForcedDecoder(load_seq2seq_model(self._spec))


def check_translation(spec: ModelSpec, codes: Codes, languages: Sequence[str]) -> None:
    """Check that a translation model supports the languages, without loading its weights.

    Raises
    ------
    InputError
        See `Translator`.
    """
    Translator(spec, codes, languages)


def _check_codes(
    name: str,
    tokenizer: PreTrainedTokenizerBase,
    codes: Mapping[str, str],
    languages: Sequence[str],
) -> None:
    takes_codes = hasattr(tokenizer, "set_src_lang_special_tokens")
    if not takes_codes and codes:
        raise InputError(
            f"{name}: translation codes {' '.join(codes.values())} were given, but "
            f"{type(tokenizer).__name__} takes no language codes; expected none"
        )
    if not takes_codes:
        return
    # NLLB's tokenizer would accept any word as a language, and turn an unknown one into <unk>.
    known = getattr(tokenizer, "lang_code_to_id", None) or tokenizer.get_added_vocab()
    for language in languages:
        if language not in codes:
            raise InputError(
                f"{name}: no translation code for language {language!r}; {type(tokenizer).__name__}"
                f" needs one, found codes for: {' '.join(codes) or 'none'}"
            )
        if codes[language] not in known:
            names = sorted(code for code in known if not code.startswith("<"))
            raise InputError(
                f"{name}: the tokenizer knows no language code {codes[language]!r} (given for "
                f"{language!r}); expected one of its {len(names)}: {' '.join(names[:10])}"
                + (" …" if len(names) > 10 else "")
            )
