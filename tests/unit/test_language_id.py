"""Language identification among the configured languages."""

import pytest
from shared_data import shared

from langneurons.corpora.assembly import build_corpus
from langneurons.errors import InputError
from langneurons.responses.language import WORDLESS, identify_languages

TEN = ["en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw"]
SENTENCES = {
    "en": "She sells the remaining eggs at the market for 2 dollars each.",
    "ru": "Она продаёт оставшиеся яйца на рынке по 2 доллара за штуку.",
    "es": "Ella vende los huevos restantes en el mercado a 2 dólares cada uno.",
    "fr": "Elle vend les œufs restants au marché à 2 dollars chacun.",
    "de": "Die restlichen Eier verkauft sie auf dem Markt für je 2 Dollar.",
    "zh": "她在市场上以每个2美元的价格出售剩下的鸡蛋。",
    "ja": "彼女は残りの卵を市場で1個2ドルで売ります。",
    "bn": "তিনি বাকি ডিমগুলি বাজারে প্রতিটি 2 ডলারে বিক্রি করেন।",
    "th": "เธอขายไข่ที่เหลือในตลาดในราคาฟองละ 2 ดอลลาร์",
    "sw": "Anauza mayai yaliyobaki sokoni kwa dola 2 kila moja.",
}


def test_tells_the_ten_languages_of_the_paper_apart():
    assert identify_languages(list(SENTENCES.values()), TEN) == list(SENTENCES)


def test_equations_do_not_decide():
    texts = [f"{sentence} <<9*2=18>>9 * 2 = $18\n#### 18" for sentence in SENTENCES.values()]
    assert identify_languages(texts, TEN) == list(SENTENCES)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "12 + 3 = 15", "<<9*2=18>>", "১২ + ৩ = ১৫", "$1,234.50", "#### 18", "x = 3"),
        *("$x = 3$", r"\boxed{18}", r"\[ \text{Kosten} = 3 \]", r"\(n = 2\)", "$$total = 2$$"),
        *(r"\boxed{\text{Die Antwort ist } 18}", "18 Euro", "18 euros.", "18 USD", "5 km/h"),
    ],
)
def test_there_is_none_to_tell_where_there_are_no_words(text):
    assert identify_languages([text], TEN) == [WORDLESS]


def test_one_word_of_a_language_is_enough():
    texts = ["Antwort: 18 Euro", r"The answer is \boxed{18}", "18 dólares", "18 долларов", "18 টাকা"]
    assert identify_languages(texts, TEN) == ["de", "en", "es", "ru", "bn"]


def test_no_texts():
    assert identify_languages([], TEN) == []


def test_only_configured_languages_are_answers():
    assert identify_languages([SENTENCES["es"]], ["fr", "ru"]) == ["fr"]
    assert identify_languages([SENTENCES["th"]], ["fr", "ru"]) == [None]


def test_needs_two_languages():
    with pytest.raises(InputError, match="found en, expected at least two"):
        identify_languages(["a"], ["en"])


def test_names_a_language_that_the_identifier_lacks():
    with pytest.raises(InputError, match="lacks xx, expected some of af ar"):
        identify_languages(["a"], ["en", "xx"])


def test_every_mgsm_question_is_in_its_language():
    corpus, _ = build_corpus("mgsm", {"format": "mgsm", "path": shared("mgsm")}, TEN)
    assert identify_languages(corpus["question"].tolist(), TEN) == corpus["language"].tolist()
