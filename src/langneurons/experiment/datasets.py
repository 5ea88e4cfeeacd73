"""The data sets of a configuration: one section for each way of reading one."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from langneurons.experiment.sections import Count, Section, Whole


class Dataset(Section):
    """What all formats have in common."""

    RERUNS: ClassVar[str] = "corpora"

    limit: Count | None = None
    """the first n problems"""
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


class BenchmarkFiles(Dataset):
    """A benchmark, in its files as published."""

    format: Literal["mgsm", "msvamp", "released"]
    """`mgsm`: `mgsm_<language>.tsv`; `msvamp`: `test_<Language>.json`; `released`: the JSON of
    the paper's release"""
    path: str
    """folder of the files; for `released`, the file itself"""


class TableFiles(Dataset):
    """Tables of your own: JSON lines, CSV, TSV or Parquet."""

    format: Literal["table"]
    """`table`"""
    path: str
    """one file, or one for each language with `{language}` in its name"""
    columns: Columns
    """our names → yours; only `question` is required"""


class HubDataset(Dataset):
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


AnyDataset = Annotated[
    BenchmarkFiles | TableFiles | HubDataset | DemoDataset, Field(discriminator="format")
]
