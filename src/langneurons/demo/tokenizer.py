"""The demo's tokenizer: byte-level BPE over all languages, one token per digit."""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PAD, END = "<pad>", "<eos>"

# Marks stay with their letters, unlike in GPT-2's pattern, which cuts Bengali and Thai at vowels.
WORDS = Regex(r" ?[\p{L}\p{M}]+| ?[^\s\p{L}\p{M}]+|\s+")


def train_tokenizer(texts: Iterable[str], entries: int, context: int) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE tokenizer of `entries` entries, for at most `context` tokens.

    Every digit is its own token, so that a number reads the same wherever it occurs.
    The tokenizer adds no special tokens by itself; it knows a padding and an end token.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.Split(WORDS, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=entries,
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
