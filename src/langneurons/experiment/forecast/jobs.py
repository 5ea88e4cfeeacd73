"""What each job that runs a model will do, from its settings and what it will read."""

import math
from collections.abc import Callable
from typing import Any

from langneurons.experiment.forecast.material import Material, sums
from langneurons.experiment.forecast.weights import Weights, weights_of
from langneurons.experiment.forecast.work import ABOUT, EXACT, Work, total
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.models import QUESTIONS
from langneurons.experiment.placement import placement_of
from langneurons.experiment.settings import SETTINGS
from langneurons.neurons.sets import SPECIFIC_RANDOM
from langneurons.responses.prompts import PLAIN

#: All layers, and three parts of them.
_STAGES = 4
#: A job's share of the work: its index, from 1, and the number of shares.
Share = tuple[int, int]


class Forecast:
    """What jobs will do; each method takes the wildcards of a job, and its share.

    Parameters
    ----------
    known
        Tells whether an artefact is there, to stay as it is.
    """

    def __init__(self, experiment: Inventory, known: Callable[[str], bool]) -> None:
        self._experiment, self._known = experiment, known
        self._material = Material(experiment, known)
        self._sizes: dict[str, Weights] = {}

    def generation(self, wildcards: Any, part: Share) -> Work:
        """Responses to the problems of a data set."""
        return self._responses("generate_responses", wildcards, wildcards.dataset, part)

    def sampling(self, wildcards: Any, part: Share) -> Work:
        """Responses to the questions of an alignment."""
        return self._responses("sample_responses", wildcards, QUESTIONS, part)

    def scoring(self, wildcards: Any, part: Share) -> Work:
        """Scores of the samples that are not in the pivot; equal ones are scored once."""
        sampled = SETTINGS["merge_samples"](self._experiment, wildcards)["languages"]
        corpus = self._material.corpus(QUESTIONS)
        others = corpus["language"].isin(set(sampled) - {self._experiment.config.pivot})
        (questions,) = sums(corpus[others], "number")
        return Work(texts=questions * self._experiment.alignment.sampling.samples / part[1])

    def training(self, wildcards: Any, _part: Share) -> Work:
        """Training steps, whose pairs are of unknown length."""
        settings = SETTINGS["align"](self._experiment, wildcards)["settings"]
        return Work(cells=settings["steps"], texts=settings["batch"])

    def counting(self, wildcards: Any, part: Share) -> Work:
        """Activations over all texts of a model."""
        return self._texts(wildcards, self._experiment.languages, part[1])

    def relevance(self, wildcards: Any, part: Share) -> Work:
        """The NLL of all texts of a model, forward and, through activations only, backward."""
        languages = self._experiment.languages
        tokens, certainty = self._material.tokens(wildcards.model, wildcards.dataset, languages)
        forward = self._read(wildcards, tokens / part[1], certainty, scored=True)
        return forward._replace(operations=2 * forward.operations)

    def importance(self, wildcards: Any, part: Share) -> Work:
        """The first texts of each language that are read; of attention, more is computed."""
        texts = self._experiment.config.importance.texts
        rows, certainty = self._material.texts(wildcards.model, wildcards.dataset)
        (read,) = sums(rows.groupby("language").head(texts), "tokens")
        return self._read(wildcards, read / part[1], certainty)

    def retrieval(self, wildcards: Any, _part: Share) -> Work:
        """Parallel texts that are read, some of which are scored, as are translations of these."""
        stage = SETTINGS["measure_retrieval"](self._experiment, wildcards)["parameters"]
        measured = self._experiment.measured_on(wildcards.dataset)
        rows, certainty = self._material.texts(wildcards.model, measured)
        rows = rows.drop_duplicates(["problem", "language"]).groupby("language")
        (read,) = sums(rows.head(stage.get("problems")), "tokens")
        (scored,) = sums(rows.head(stage["loss_problems"]), "tokens")
        asked = self._material.asked(measured, PLAIN, self._experiment.languages)
        (texts,) = sums(asked.groupby("language").head(stage["loss_problems"]), "prompt")
        if stage["directions"] and stage["loss_problems"]:
            scored += 2 * len(stage["directions"]) * texts  # each text and its partner
            certainty = max(certainty, ABOUT)
        return total(
            [
                self._read(wildcards, read, certainty),
                self._read(wildcards, scored, certainty, scored=True),
            ]
        )

    def cloze(self, wildcards: Any, _part: Share) -> Work:
        """Prompts, read once, and their candidates, which are scored."""
        return self._asked_facts(wildcards, wildcards.dataset)

    def sharing(self, wildcards: Any, _part: Share) -> Work:
        """Parallel texts that are read, or their prompts."""
        stage = SETTINGS["measure_sharing"](self._experiment, wildcards)["parameters"]
        read = self._parallel(wildcards, wildcards.dataset, stage["read"], stage.get("problems"))
        return self._read(wildcards, *read)

    def class_deactivation(self, wildcards: Any, part: Share) -> Work:
        """Cells that each score parallel texts; a class may turn out to be no neuron's."""
        stage = SETTINGS["deactivate_classes"](self._experiment, wildcards)["parameters"]
        # Of each class all neurons and, by seed, as many of each; and controls of both.
        own = _own(1 + 4 * (1 + 3 * stage["control_seeds"]), part)
        measured = self._experiment.measured_on(wildcards.dataset)
        read, _ = self._parallel(wildcards, measured, stage["texts"], stage["problems"])
        return self._read(wildcards, read * own, ABOUT, scored=True)._replace(cells=own)

    def knowledge(self, wildcards: Any, part: Share) -> Work:
        """Prompts of facts, at most; which of them a model knows is not known yet."""
        settings = SETTINGS["attribute_facts"](self._experiment, wildcards)
        facts = settings["parameters"]["facts"] * len(settings["languages"])
        dataset = self._experiment.fact_set(wildcards.dataset)
        phrasings = math.nan if dataset.path else dataset.phrasings
        return Work(texts=_own(facts, part) * phrasings)

    def deactivation(self, wildcards: Any, part: Share) -> Work:
        """Cells that each score texts and answer questions; some sets may turn out empty."""
        settings = SETTINGS["deactivate"](self._experiment, wildcards)
        parameters, languages = settings["parameters"], settings["languages"]
        sets = SETTINGS["merge_deactivation"](self._experiment, wildcards)["sets"]
        seeds = parameters["control_seeds"]
        # Of the random neurons beside the specific ones there are controls only.
        rows = sum(seeds + (name != SPECIFIC_RANDOM) for name in sets)
        cells = 1 + len(languages) * rows
        own = _own(cells, part)
        asked = self._asked(wildcards, settings, languages)
        read, certainty = self._scored(wildcards, settings, languages)
        answered = asked[asked["answer"].notna() & parameters["accuracy"]]
        texts, prompts = sums(answered, "number", "prompt")
        written = self._written("deactivate", wildcards, parameters, texts, prompts, own)
        scored = self._read(wildcards, read * own, certainty, scored=True)
        asked_for = self._experiment.deactivation.facts
        facts = [self._asked_facts(wildcards, asked_for, own)] if asked_for else []
        return total([written, scored, *facts])._replace(cells=own)

    def doses(self, wildcards: Any, part: Share) -> Work:
        """Cells that each score texts; some languages may turn out to have fewer neurons."""
        settings = SETTINGS["measure_doses"](self._experiment, wildcards)
        parameters = settings["parameters"]
        times = len(parameters["languages"]) * len(parameters["sizes"])
        sets = len(settings["methods"]) * times
        own = _own(1 + sets * (1 + parameters["control_seeds"]), part)
        read, certainty = self._scored(wildcards, settings, parameters["measured"])
        return self._read(wildcards, read * own, certainty, scored=True)._replace(cells=own)

    def component_deactivation(self, wildcards: Any, part: Share) -> Work:
        """Cells that each score texts; where there are no neurons there is no cell."""
        settings = SETTINGS["deactivate_components"](self._experiment, wildcards)
        parameters = settings["parameters"]
        sets = len(parameters["languages"]) * len(parameters["components"]) * _STAGES
        own = _own(1 + sets * (1 + parameters["control_seeds"]), part)
        read, certainty = self._scored(wildcards, settings, parameters["measured"])
        return self._read(wildcards, read * own, certainty, scored=True)._replace(cells=own)

    def enhancement(self, wildcards: Any, part: Share) -> Work:
        """Cells that each score texts, before any training or after some steps of it."""
        settings = SETTINGS["enhance"](self._experiment, wildcards)
        parameters, languages = settings["parameters"], settings["languages"]
        own = _own(1 + len(parameters["languages"]) * (1 + parameters["control_seeds"]), part)
        read, certainty = self._scored(wildcards, settings, languages)
        scored = self._read(wildcards, read * own, certainty, scored=True)
        rows, _ = self._material.texts(wildcards.model, wildcards.dataset)
        texts, tokens = sums(rows.assign(number=1), "number", "tokens")
        training = parameters["training"]
        trained = own * training["steps"] * training["batch"] * tokens / max(texts, 1)
        work = self._read(wildcards, trained, ABOUT, scored=True)
        # Forward, and backward through activations; the neurons' own weights are few.
        return total([scored, work._replace(operations=2 * work.operations)])._replace(cells=own)

    def steering(self, wildcards: Any, part: Share) -> Work:
        """Cells that each answer questions in one language, and texts read for all cells."""
        settings = SETTINGS["steer"](self._experiment, wildcards)
        parameters = settings["parameters"]
        languages = parameters["languages"]
        doses = len(parameters["modes"]) * len(parameters["factors"])
        pairs = len(languages) * (len(languages) - 1) * doses
        own = _own(len(languages) + pairs * (1 + parameters["control_seeds"]), part)
        texts, prompts = sums(self._asked(wildcards, settings, languages), "number", "prompt")
        texts, prompts = texts / len(languages), prompts / len(languages)  # of a cell
        written = self._written("steer", wildcards, parameters, texts, prompts, own)
        # The unchanged model judges the answers.
        judged = self._read(wildcards, written.written + own * prompts, scored=True)
        work = [written, judged._replace(read=0)]
        if set(parameters["modes"]) != {"scale"}:  # else no values are collected
            work.append(self._texts(wildcards, languages))
        return total(work)._replace(cells=own)

    def _parallel(
        self, wildcards: Any, dataset: str, part: str, problems: int | None
    ) -> tuple[float, int]:
        """Return the tokens of the first problems' prompts, or of all that is read of them."""
        if part == "prompt":
            template, languages = self._experiment.config.prompt, self._experiment.languages
            rows, certainty = self._material.asked(dataset, template, languages), ABOUT
        else:
            rows, certainty = self._material.texts(wildcards.model, dataset)
            rows = rows.drop_duplicates(["problem", "language"])
        column = "prompt" if part == "prompt" else "tokens"
        (read,) = sums(rows.groupby("language").head(problems), column)
        return read, certainty

    def _responses(self, rule: str, wildcards: Any, dataset: str, part: Share) -> Work:
        settings = SETTINGS[rule](self._experiment, wildcards)
        asked = self._material.asked(dataset, settings["template"], settings["languages"])
        generation = settings["generation"]
        texts, prompts = sums(asked, "number", "prompt") * generation["samples"] / part[1]
        return self._written(rule, wildcards, generation, texts, prompts)

    def _asked(self, wildcards: Any, settings: Any, languages: list[str]) -> Any:
        """Return the questions that an intervention measures."""
        measured = self._experiment.measured_on(wildcards.dataset)
        asked = self._material.asked(measured, settings["template"], languages)
        return asked.groupby("language").head(settings["parameters"]["problems"])

    def _scored(self, wildcards: Any, settings: Any, languages: list[str]) -> tuple[float, int]:
        """Return how many tokens a cell scores, and how well that is known."""
        asked = self._asked(wildcards, settings, languages)
        if settings["parameters"]["texts"] == "prompt":
            return sums(asked, "prompt")[0], ABOUT
        measured = self._experiment.measured_on(wildcards.dataset)
        rows, certainty = self._material.texts(wildcards.model, measured)
        return sums(rows.merge(asked[["problem", "language"]]), "tokens")[0], certainty

    def _written(
        self, rule: str, wildcards: Any, settings: Any, texts: float, prompts: float, times: int = 1
    ) -> Work:
        batch = dict(placement_of(self._experiment, rule))["batch_size"](wildcards)
        length = settings["max_new_tokens"]
        return self._size(wildcards.model).writing(texts, length, batch, prompts, times)

    def _texts(self, wildcards: Any, languages: list[str], shares: int = 1) -> Work:
        tokens, certainty = self._material.tokens(wildcards.model, wildcards.dataset, languages)
        return self._read(wildcards, tokens / shares, certainty)

    def _asked_facts(self, wildcards: Any, dataset: str, times: float = 1) -> Work:
        prompts, candidates = (times * one for one in self._material.facts(dataset))
        return total(
            [
                self._read(wildcards, prompts, ABOUT),
                self._read(wildcards, candidates, ABOUT, scored=True),
            ]
        )

    def _read(
        self, wildcards: Any, tokens: float, certainty: int = EXACT, scored: bool = False
    ) -> Work:
        operations = self._size(wildcards.model).reading(tokens, scored)
        return Work(read=tokens, certainty=certainty, operations=operations)

    def _size(self, model: str) -> Weights:
        if model not in self._sizes:
            self._sizes[model] = weights_of(self._experiment, model, self._known)
        return self._sizes[model]


def _own(cells: int, part: Share) -> int:
    """Return how many cells are in a share: every ``of``-th, as `share_of` takes them."""
    index, of = part
    return len(range(index - 1, cells, of))
