"""Where every artefact is stored, as patterns with wildcards."""

import re
from collections.abc import Mapping, Sequence

corpus = "results/corpora/{dataset}.parquet"
facts = "results/facts/{dataset}.parquet"
alignment_questions = "results/corpora/alignment_questions.parquet"
compared = "results/corpora/{dataset}.compared.parquet"
card = "results/models/{model}.parquet"
responses = "results/responses/{model}/{dataset}.parquet"
tokens = "results/tokens/{model}/{responses}/{dataset}.parquet"
activations = "results/activations/{model}/{dataset}.parquet"
class_activations = "results/activations/{model}/{dataset}.classes.parquet"
#: What other methods read in place of the two artefacts of activations.
statistic = "results/{statistic}/{model}/{dataset}.parquet"
relevance = "results/relevance/{model}/{dataset}.parquet"
overlaps = "results/overlaps/{model}/{dataset}.parquet"
overlap_means = "results/overlaps/{model}/{dataset}.means.parquet"
quotients = "results/{statistic}/{model}/{dataset}.quotients.parquet"
#: The statistic of each component of a layer.
importance = "results/importance/{component}/{model}/{dataset}.parquet"
grades = "results/grades/{model}/{dataset}.parquet"
accuracy = "results/accuracy/{model}/{dataset}.parquet"

probabilities = "results/probabilities/{model}/{dataset}.parquet"
neurons = "results/neurons/{model}/{dataset}/{method}.parquet"
components = "results/neurons/{model}/{dataset}/{method}.components.parquet"
summary = "results/neurons/{model}/{dataset}/{method}.summary.parquet"
masks = "results/masks/{model}/{dataset}/{method}.pt"
stability = "results/stability/{model}/{dataset}/{method}.parquet"
certainty = "results/stability/{model}/{dataset}/{method}.certainty.parquet"
stability_draws = "results/stability/{model}/{dataset}/{method}.draws.parquet"
sensitivity = "results/sensitivity/{model}/{dataset}/{method}.parquet"
token_classes = "results/token_classes/{model}/{dataset}/{method}.parquet"
token_shares = "results/token_classes/{model}/{dataset}/{method}.tokens.parquet"

halves = "results/agreement/{model}/{dataset}/{method}.halves.parquet"
methods_agreement = "results/agreement/{model}/{dataset}.parquet"
methods_cost = "results/cost/{model}/{dataset}.parquet"

phases = "results/phases/{model}/{dataset}/{method}.parquet"
segments = "results/phases/{model}/{dataset}/{method}.segments.parquet"
phase_layers = "results/phases/{model}/{dataset}/{method}.layers.parquet"
phase_support = "results/phases/{model}/{dataset}/{method}.support.parquet"
phase_expectations = "results/phases/{model}/{dataset}/{method}.expectations.parquet"

_comparison = "results/comparison/{before}-vs-{after}/{dataset}"
comparison = f"{_comparison}/{{method}}"
total_change = f"{comparison}/totals.parquet"
layer_change = f"{comparison}/layers.parquet"
sharing_change = f"{comparison}/sharing.parquet"
phase_change = f"{comparison}/phases.parquet"
language_change = f"{comparison}/languages.parquet"
language_draws = f"{comparison}/language_draws.parquet"
group_change = f"{comparison}/groups.parquet"
overlap = f"{comparison}/overlap.parquet"
transitions = f"{comparison}/transitions.parquet"
accuracy_change = f"{_comparison}/accuracy.parquet"
retrieval_change = f"{_comparison}/retrieval.parquet"
knowledge_change = f"{_comparison}/cloze.parquet"
attribution = "results/attribution/{before}-vs-{family}/{dataset}/{method}.parquet"
dataset_overlap = "results/dataset_overlap/{model}/{method}.parquet"

#: A subject is a model, or two: see the patterns below.
claims = "results/claims/{subject}/{dataset}/{method}.parquet"
model_claims = claims.replace("{subject}", "{model}")
alignment_claims = claims.replace("{subject}", "{before}-vs-{after}")

retrieval = "results/retrieval/{model}/{dataset}.parquet"
retrieval_losses = "results/retrieval/{model}/{dataset}.losses.parquet"

cloze = "results/cloze/{model}/{dataset}.parquet"
knowledge_accuracy = "results/cloze/{model}/{dataset}.accuracy.parquet"

attributions = "results/knowledge/{model}/{dataset}.attributions.parquet"
fact_neurons = "results/knowledge/{model}/{dataset}.neurons.parquet"
agnostic = "results/knowledge/{model}/{dataset}.agnostic.parquet"
agnostic_overall = "results/knowledge/{model}/{dataset}.overall.parquet"
fact_layers = "results/knowledge/{model}/{dataset}.layers.parquet"
fact_edits = "results/knowledge/{model}/{dataset}.edits.parquet"
fact_effects = "results/knowledge/{model}/{dataset}.effects.parquet"

sharing = "results/sharing/{model}/{dataset}.problems.parquet"
sharing_layers = "results/sharing/{model}/{dataset}.layers.parquet"
sharing_neurons = "results/sharing/{model}/{dataset}.neurons.parquet"
class_deactivation = "results/sharing/{model}/{dataset}.deactivation.parquet"
class_changes = "results/sharing/{model}/{dataset}.changes.parquet"

_alignment = "results/alignment/{model}"
inspection = f"{_alignment}/inspection.parquet"
samples = f"{_alignment}/samples.parquet"
scores = f"{_alignment}/scores.parquet"
pairs = f"{_alignment}/pairs.parquet"
translations = f"{_alignment}/translations.parquet"
adapters = f"{_alignment}/adapters"
training = f"{_alignment}/training.parquet"
checkpoint = "results/checkpoints/{model}"

deactivation = "results/deactivation/{model}/{dataset}/{method}.parquet"
deactivation_answers = "results/deactivation/{model}/{dataset}/{method}.answers.parquet"
deactivation_problems = "results/deactivation/{model}/{dataset}/{method}.problems.parquet"
deactivation_changes = "results/deactivation/{model}/{dataset}/{method}.changes.parquet"
deactivation_dominance = "results/deactivation/{model}/{dataset}/{method}.dominance.parquet"
doses = "results/doses/{model}/{dataset}.parquet"
dose_problems = "results/doses/{model}/{dataset}.problems.parquet"
component_effects = "results/component_deactivation/{model}/{dataset}/{method}.parquet"
component_changes = "results/component_deactivation/{model}/{dataset}/{method}.targets.parquet"
component_problems = "results/component_deactivation/{model}/{dataset}/{method}.problems.parquet"
enhancement = "results/enhancement/{model}/{dataset}/{method}.parquet"
enhancement_changes = "results/enhancement/{model}/{dataset}/{method}.targets.parquet"
enhancement_problems = "results/enhancement/{model}/{dataset}/{method}.problems.parquet"
steering = "results/steering/{model}/{dataset}/{method}.parquet"
steering_answers = "results/steering/{model}/{dataset}/{method}.answers.parquet"
steering_problems = "results/steering/{model}/{dataset}/{method}.problems.parquet"
steering_doses = "results/steering/{model}/{dataset}/{method}.doses.parquet"

figure = "results/figures/{name}/{instance}.png"
table = "results/tables/{name}/{instance}.csv"
table_figure = "results/figures/{name}/{instance}.png"
deactivation_csv = "results/tables/deactivation_dominance/{model}/{dataset}/{method}.csv"
steering_answers_csv = "results/tables/steering_answers/{model}/{dataset}/{method}.csv"
steering_csv = "results/tables/steering/{model}/{dataset}/{method}.csv"

_demo = "results/train_demo"
demo_base = f"{_demo}/base"
demo_accuracy = f"{_demo}/accuracy.csv"
demo_losses = f"{_demo}/losses.csv"
demo_translation = f"{_demo}/translation"
demo_ranking = f"{_demo}/translation.csv"
demo_translation_losses = f"{_demo}/translation_losses.csv"


def of(model: str, pattern: str) -> str:
    """Return an artefact's pattern with another wildcard, or a name, in place of its model."""
    return pattern.replace("{model}", model)


def share(pattern: str) -> str:
    """Return the pattern of an artefact's shares, which the jobs of a scattered rule write."""
    return pattern.replace(".parquet", "/{scatteritem}.parquet")


def gathered(pattern: str) -> str:
    """Return the pattern of shares for ``gather``: all wildcards but ``scatteritem`` are kept."""
    return re.sub(r"\{(\w+)\}", r"{{\1}}", pattern).replace(".parquet", "/{scatteritem}.parquet")


def other_format(pattern: str, suffix: str) -> str:
    """Return the path of the same thing in another format, such as ``.pdf``."""
    return re.sub(r"\.\w+$", suffix, pattern)


def log(pattern: str) -> str:
    """Return where the job that makes an artefact writes its log."""
    return _beside(pattern, "logs", ".log")


def benchmark(pattern: str) -> str:
    """Return where the time and memory of the job that makes an artefact are written."""
    return _beside(pattern, "benchmarks", ".tsv")


def _beside(pattern: str, folder: str, suffix: str) -> str:
    stem = re.sub(r"\.(parquet|png|csv|pt)$", "", pattern)
    return stem.replace("results/", f"results/{folder}/", 1) + suffix


def fill(pattern: str, keys: Mapping[str, str | Sequence[str]]) -> str | list[str]:
    """Fill in the wildcards of a pattern.

    Parameters
    ----------
    keys
        Wildcard → value, or several values; where several wildcards have several values, these are
        paired one by one.

    Returns
    -------
    str or list of str
        A list if a wildcard of the pattern has several values.
    """
    used = {name: keys[name] for name in re.findall(r"\{(\w+)\}", pattern)}
    several = {name: value for name, value in used.items() if not isinstance(value, str)}
    if not several:
        return pattern.format(**used)
    rows = zip(*several.values(), strict=True)
    return [pattern.format(**{**used, **dict(zip(several, row, strict=True))}) for row in rows]
