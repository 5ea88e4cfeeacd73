"""The data sets of a configuration: one section for each way of reading one."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from langneurons.experiment.sections import Count, Distinct, Section, Whole

#: Ends the name of the part of a data set that is held out.
HELD_OUT = ".held_out"


class Dataset(Section):
    """What all formats have in common."""

    RERUNS: ClassVar[str] = "corpora"

    limit: Count | None = None
    """the first n problems"""
    held_out: Whole = 0
    """problems kept apart, spread evenly over the data: neurons are chosen without them, and
    deactivation and steering measure on them alone"""
    parallel: bool = True
    """a problem that one language lacks is left out of all, counted and reported, because
    statistics compare languages on the same problems"""


class Columns(Section):
    """Our column names → those of the data."""

    RERUNS: ClassVar[str] = "corpora"

    question: str
    """the text of the problem"""
    problem: str | None = None
    """identifier that the languages share; without it, problems are numbered"""
    language: str | None = None
    """needed where one file holds all languages"""
    answer: str | None = None
    """without it, accuracy is not reported"""
    response: str | None = None
    """responses that come with the data, for `responses_from: data`"""


class Questions(Dataset):
    """What all formats with questions have in common."""

    RERUNS: ClassVar[str] = "corpora"
    RERUNS_OF: ClassVar[Mapping[str, str]] = {"questions_as_texts": "responses"}

    questions_as_texts: bool = False
    """the questions themselves are the texts that models are measured on, as in format `texts`"""


class BenchmarkFiles(Questions):
    """A benchmark, in its files as published."""

    format: Literal["mgsm", "msvamp", "released"]
    """`mgsm`: `mgsm_<language>.tsv`; `msvamp`: `test_<Language>.json`; `released`: the JSON of
    the paper's release"""
    path: str
    """folder of the files; for `released`, the file itself"""


class TableFiles(Questions):
    """Tables of your own: JSON lines, CSV, TSV or Parquet."""

    format: Literal["table"]
    """`table`"""
    path: str
    """one file, or one for each language with `{language}` in its name"""
    columns: Columns
    """our names → yours; only `question` is required"""


class HubDataset(Questions):
    """A data set on the Hugging Face hub."""

    format: Literal["hub"]
    """`hub`"""
    path: str
    """its id on the hub"""
    columns: Columns
    """our names → its own"""
    subset: str | None = None
    """its configuration, optionally with `{language}`"""
    split: str = "test"
    """which split"""
    revision: str | None = None
    """a commit makes the run repeatable"""


class TextColumns(Section):
    """Our column names → those of the data."""

    RERUNS: ClassVar[str] = "corpora"

    text: str = "text"
    """the text"""
    problem: str | None = None
    """identifier that the languages share; without it, texts are numbered"""
    language: str | None = None
    """needed where one file holds all languages"""


class Texts(Dataset):
    """Texts that models read as they are: nothing is asked, nothing is generated.

    The tokens of a text are what is counted, but for a special token before them. Parallel passages
    are one text a problem; with `length` and `tokens`, texts are documents of a plain corpus.
    """

    RERUNS: ClassVar[str] = "corpora"
    RERUNS_OF: ClassVar[Mapping[str, str]] = {"length": "tokens", "tokens": "tokens"}

    format: Literal["texts"]
    """`texts`"""
    path: str
    """files with `{language}` in their name: `.txt` with a text a line, or JSON lines, CSV, TSV or
    Parquet; one such table for all languages; or, with `split`, an id on the hub"""
    columns: TextColumns = TextColumns()
    """our names → those of a table"""
    subset: str | None = None
    """on the hub: its configuration, optionally with `{language}`"""
    split: str | None = None
    """on the hub: which split"""
    revision: str | None = None
    """on the hub: a commit makes the run repeatable"""
    length: Count | None = None
    """documents are cut into windows of at most so many tokens; they need not be parallel"""
    tokens: Count | None = None
    """with `length`: how many tokens are read of each language"""


class DemoDataset(Dataset):
    """Generated arithmetic problems, for the demo's tiny models."""

    format: Literal["demo"]
    """`demo`"""
    problems: Count
    """number of problems"""
    split: Literal["training", "evaluation"] = "evaluation"
    """the two splits share no pair of operands"""
    seed: Whole = 0
    """seed of the generator"""


class Facts(Section):
    """Facts that models are asked to complete: of countries, in any language, or your own.

    They are read by the stages that ask for facts; no neurons are found on them.
    """

    RERUNS: ClassVar[str] = "corpora"

    format: Literal["facts"]
    """`facts`"""
    path: str | None = None
    """facts of your own in place of those of countries: JSON lines, CSV, TSV or Parquet with the
    columns `fact`, `language`, `phrasing`, `prompt`, `answer`, `candidates` and, if you like,
    `relation`"""
    folder: str = "resources/facts"
    """where the tables of countries and the phrasings, `<language>.yaml`, are; copy it to add a
    language"""
    relations: Annotated[list[Literal["capital", "currency"]], Field(min_length=1), *Distinct] = [
        "capital",
        "currency",
    ]
    """what is asked about countries"""
    phrasings: Count = 3
    """the first n phrasings of each language"""
    candidates: Annotated[int, Field(ge=2)] = 10
    """answers that a model chooses among: the right one and others"""
    seed: Whole = 0
    """seed of the draw of the others"""
    limit: Count | None = None
    """the first n facts of each relation, the best known ones first"""


AnyDataset = Annotated[
    BenchmarkFiles | TableFiles | HubDataset | Texts | DemoDataset, Field(discriminator="format")
]
AnyDatasetOrFacts = Annotated[
    BenchmarkFiles | TableFiles | HubDataset | Texts | DemoDataset | Facts,
    Field(discriminator="format"),
]


def without_facts(datasets: Mapping[str, AnyDatasetOrFacts]) -> dict[str, AnyDataset]:
    """Return the data sets that neurons are found on, by name."""
    return {name: one for name, one in datasets.items() if not isinstance(one, Facts)}


def facts_of(datasets: Mapping[str, AnyDatasetOrFacts]) -> dict[str, Facts]:
    """Return the data sets of facts, by name."""
    return {name: one for name, one in datasets.items() if isinstance(one, Facts)}


def holds_texts(dataset: AnyDataset) -> bool:
    """Tell whether models read a data set's texts as they are, and answer no question."""
    return isinstance(dataset, Texts) or (
        isinstance(dataset, Questions) and dataset.questions_as_texts
    )


def windows_of(dataset: AnyDataset) -> dict[str, int] | None:
    """Return ``length`` and ``tokens`` of a plain corpus, whose documents are cut into windows."""
    if isinstance(dataset, Texts) and dataset.length:
        return dataset.settings("length", "tokens")
    return None


def on_hub(dataset: AnyDataset) -> bool:
    """Tell whether a data set is read from the hub."""
    return isinstance(dataset, HubDataset) or (isinstance(dataset, Texts) and bool(dataset.split))
