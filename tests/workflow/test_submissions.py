"""What a cluster's queue sees of a run: small jobs are submitted together."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from paper import paper_project
from project import ROOT, Project

PROFILE = "profiles/slurm"


@dataclass
class Submission:
    """What is submitted at once: the jobs of a group, or one job by itself."""

    group: str = ""
    jobs: list[dict[str, str]] = field(default_factory=list)
    """What the dry run says of each job: its rule, input, output, wildcards, resources …"""

    def wildcards(self, name: str) -> set[str]:
        """Return the values that a wildcard has in these jobs."""
        found = (re.search(rf"\b{name}=([^,]+)", job.get("wildcards", "")) for job in self.jobs)
        return {match[1] for match in found if match}


def submissions(project: Project, profile: str) -> list[Submission]:
    """Return what a run of the paper's experiment would submit."""
    output = project.run(
        "--dry-run", "--workflow-profile", profile, "--configfile", "config/paper.yaml"
    )
    found: list[Submission] = []
    for line in output.splitlines():
        if group := re.search(r"Group job (\S+) \(", line):
            found.append(Submission(group[1]))
        elif rule := re.fullmatch(r"( *)(?:local)?rule (\w+):", line):
            if not rule[1]:  # jobs of a group are indented
                found.append(Submission())
            found[-1].jobs.append({"rule": rule[2]})
        elif found and (fact := re.fullmatch(r" +(\w+): (.*)", line)):
            found[-1].jobs[-1][fact[1]] = fact[2]
    # A target has no job of its own, and no output.
    return [one for one in found if all("output" in job for job in one.jobs)]


def count(planned: list[Submission]) -> Counter[str]:
    """Return the number of jobs of each rule."""
    return Counter(job["rule"] for one in planned for job in one.jobs)


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> Project:
    return paper_project(tmp_path_factory.mktemp("paper") / "project")


@pytest.fixture(scope="module")
def together(paper) -> list[Submission]:
    """The submissions of the paper's experiment with the profile as it is."""
    return submissions(paper, PROFILE)


def test_fewer_than_half_as_many_submissions_as_jobs(paper, together):
    settings = yaml.safe_load((paper.folder / PROFILE / "config.yaml").read_text())
    del settings["groups"], settings["group-components"]
    (paper.folder / "profiles/apart").mkdir()
    (paper.folder / "profiles/apart/config.yaml").write_text(yaml.safe_dump(settings))
    apart = submissions(paper, "profiles/apart")
    assert count(together) == count(apart)  # no job is lost, nor stuck behind its own group
    assert len(apart) == count(apart).total()
    print(f"{len(apart)} submissions without groups, {len(together)} with")
    assert len(together) < len(apart) / 2


def test_each_figure_and_table_is_submitted_once(together):
    for rule, kind in (("draw_figure", "figure"), ("write_table", "table")):
        drawn = [one for one in together if rule in count([one])]
        assert len(drawn) > 1
        assert [one.wildcards("name") for one in drawn] == [
            {one.group.removeprefix(f"{kind}-")} for one in drawn
        ]
        assert set(Counter(one.group for one in drawn).values()) == {1}


def test_no_group_takes_a_gpu(together):
    alone = {job["rule"] for one in together if not one.group for job in one.jobs}
    takers = {
        job["rule"] for one in together for job in one.jobs if "gpu=" in job.get("resources", "")
    }
    assert {"count_activations", "deactivate", "align"} <= takers <= alone
    # And no rule is in a group at one time and alone at another.
    assert alone.isdisjoint(job["rule"] for one in together if one.group for job in one.jobs)


def test_a_group_does_not_wait_for_what_is_of_no_concern_to_it(together):
    by_kind: dict[str, list[Submission]] = {}
    for one in together:
        by_kind.setdefault(one.group.split("-")[0], []).append(one)
    for kind in ("responses", "neurons", "deactivation"):
        for one in by_kind[kind]:
            assert len(one.wildcards("model")) == len(one.wildcards("dataset")) == 1, one
    for one in by_kind["figure"] + by_kind["table"]:
        waits = any("results/deactivation/" in job["input"] for job in one.jobs)
        assert waits is one.group.startswith("figure-deactivation"), one.group


def test_the_profile_names_rules_that_there_are_and_bounds_their_time():
    settings = yaml.safe_load((ROOT / PROFILE / "config.yaml").read_text())
    rules = {
        name
        for path in Path(ROOT / "workflow/rules").glob("*.smk")
        for name in re.findall(r"(?m)^rule (\w+):", path.read_text())
    }
    groups, asked = settings["groups"], settings["set-resources"]
    assert groups.keys() <= rules
    assert asked.keys() | settings["set-threads"].keys() <= rules
    assert settings["group-components"].keys() <= set(groups.values())
    # The times of a group add up.
    assert {rule for rule in groups if asked.get(rule, {}).get("runtime", 30) > 10} == set()
