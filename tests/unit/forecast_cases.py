"""Jobs that are about to run and artefacts that are there, for tests of what a run forecasts."""

from types import SimpleNamespace

import pandas as pd
from experiment_cases import LANGUAGES, Wildcards, experiment

from langneurons.artifacts.tables import artefact, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.experiment import paths
from langneurons.experiment.forecast.overview import overview
from langneurons.responses.schemas import TOKENS

QUESTION = "ü" * 20  # 40 bytes of UTF-8: about 10 tokens


def job(rule, model="base", output="results/made.parquet", **wildcards):
    if rule not in ("align", "tokenize"):
        wildcards = {"scatteritem": "1-of-1", **wildcards}
    keys = Wildcards(model=model, **wildcards)
    return SimpleNamespace(rule=SimpleNamespace(name=rule), wildcards=keys, output=[output])


def plain(**sections):
    """The experiment of the cases, with the question alone as the prompt."""
    return experiment(**{"prompt": "{query}", **sections})


def said(one, *jobs, cores=2):
    """What is said of the only model that is to run."""
    line, _ = overview(one, jobs, cores)
    return line.split("  ", 1)[1]


def put(path, rows, schema, **keys):
    file = path.format(**keys)
    write_table(pd.DataFrame(rows, columns=schema.names), file, schema)
    return file


def corpus(dataset="sums", problems=2, answers=None, responses=()):
    """Write the corpus of some problems in three languages, the same text each."""
    rows = [
        (f"p{index}", language, QUESTION, 1.0 if answers is None else answers[index], responses)
        for index in range(problems)
        for language in LANGUAGES
    ]
    return put(paths.corpus, rows, CORPUS, dataset=dataset)


def tokens(prompt, response, problems=2, dataset="sums", responses="base"):
    rows = [
        (f"p{index}", language, 0, [1] * prompt, [1] * response)
        for index in range(problems)
        for language in LANGUAGES
    ]
    keys = {"model": "base", "responses": responses, "dataset": dataset}
    return put(paths.tokens, rows, TOKENS, **keys)


GENERATE = job("generate_responses", dataset="sums")
COUNT = job("count_activations", dataset="sums")
DEACTIVATE = job("deactivate", dataset="sums", method="ternary")
STEER = job("steer", dataset="sums", method="ternary")


def card(parameters, model="base"):
    schema = artefact("model", "parameters int64, vocabulary_size int32, hidden_size int32")
    put(paths.card, [(parameters, 1000, 100)], schema, model=model)


def vars_of(one):
    keys = {key: value for key, value in one.wildcards.items() if key != "scatteritem"}
    return {"rule": one.rule.name, **keys}
