"""How prompts and answers are joined, and where their tokens part."""

from fact_cases import ROWS, own_facts
from tiny_models import tiny_tokenizer

from langneurons.responses.cloze import cloze_tokens, continuation


def test_a_space_is_written_where_the_language_writes_one():
    assert continuation("Paris", "fr") == " Paris"
    assert continuation("প্যারিস", "bn") == " প্যারিস"
    assert [continuation("巴黎", one) for one in ("zh", "ja", "th")] == ["巴黎"] * 3


def test_tokens_of_all_candidates_or_of_the_answer(tmp_path):
    tokenizer, facts = tiny_tokenizer(), own_facts(tmp_path)
    tokens = cloze_tokens(facts, tokenizer, None)
    assert len(tokens) == 3 * len(ROWS)
    assert tokens["candidate"].tolist() == [0, 1, 2] * len(ROWS)
    assert tokens["id"].tolist()[:6] == ["sky-1"] * 6
    assert tokens["language"].tolist()[:6] == ["en"] * 3 + ["zh"] * 3
    texts = [
        tokenizer.decode([*row.prompt_tokens, *row.response_tokens]) for row in tokens.itertuples()
    ]
    assert texts[:2] == ["the sky is 1: blue", "the sky is 1: red"]
    assert texts[3] == "sky是 1:blue"
    right = cloze_tokens(facts, tokenizer, None, candidates=False)
    assert right["candidate"].tolist() == [0] * len(ROWS)
    assert tokenizer.decode(right["response_tokens"][0]) == " blue"


def test_candidates_part_from_their_prompt_at_the_same_token(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    # ":b" is a token: with "blue" the prompt's last token merges, with "red" it does not.
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*alphabet, ":b"])}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[(":", "b")]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made)
    tokens = cloze_tokens(own_facts(tmp_path), tokenizer, None)
    chinese = tokens[(tokens["id"] == "sky-1") & (tokens["language"] == "zh")]
    assert len({tuple(ids) for ids in chinese["prompt_tokens"]}) == 1
    read = [tokenizer.convert_ids_to_tokens(ids.tolist()) for ids in chinese["response_tokens"]]
    assert read == [[":b", "l", "u", "e"], [":", "r", "e", "d"], [":", "x", "Ġ", "y"]]
