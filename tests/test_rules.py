"""Every rule's own examples, run; and the checker that runs them, on rules made to fail."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cleaner import catalog
from cleaner.check import check, document
from cleaner.model import Rule
from cleaner.rulefile import parse

MakeFolder = Callable[[dict[str, str]], Path]


@pytest.mark.skipif(os.environ.get("CLEANER_RULES_CHECKED") == "later", reason="a later step of .ci/run has clean-article-rules check itself do it")
def test_every_example_of_every_shipped_rule_does_what_it_says() -> None:
    loaded = catalog.gather([], [catalog.shipped()])
    problems = [*loaded.problems, *(p for file in loaded.files for p in file.problems), *check(loaded)]
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(map(str, problems))


# -- the checker -----------------------------------------------------------------------------


RULE = "rule: zorp\nlabel: share\nwhy: A button.\nis: Zorp blick\ndrop: Zorp blick\nkeep: They zorp blick every day.\n"


@pytest.fixture
def told(rule_folder: MakeFolder) -> Callable[..., list[str]]:
    """The checker's problems with the rule files of one folder, without the folder's path."""

    def run(files: dict[str, str], only: list[str] | None = None) -> list[str]:
        folder = rule_folder(files)
        loaded = catalog.load([folder], defaults=False)
        names = None if only is None else [str(folder / name) for name in only]
        return [str(p).removeprefix(f"{folder}/") for p in check(loaded, names)]

    return run


Told = Callable[..., list[str]]


def test_a_good_rule_has_no_problem(told: Told) -> None:
    assert told({"common.txt": RULE}) == []


def test_an_example_that_is_not_removed_is_told_with_what_stays(told: Told) -> None:
    assert told({"common.txt": RULE + "drop: Zorp krull\n"}) == ["common.txt:7:7: rule common/zorp leaves 'Zorp krull'; widen or narrow the rule, or mend the example"]


def test_an_example_of_which_too_much_goes_is_told(told: Told) -> None:
    (problem,) = told({"common.txt": RULE.replace("drop: Zorp blick", "drop: [[Zorp]] blick")})
    assert problem.startswith("common.txt:5:7: rule common/zorp takes more than marked: 'blick'")


def test_an_example_of_which_the_marked_part_goes_is_right(told: Told) -> None:
    assert (
        told(
            {
                "common.txt": RULE.replace("is:", "take: match\ncontains:")
                .replace("drop: Zorp blick", "drop: The vote is over. [[Zorp blick]] and more.")
                .replace("keep: They zorp blick", "keep: They zorp or blick")
            }
        )
        == []
    )


def test_a_near_miss_that_goes_is_told(told: Told) -> None:
    (problem,) = told({"common.txt": RULE + "keep: Zorp blick!\n"})
    assert problem == "common.txt:7:7: rule common/zorp removes it, though it must stay; widen or narrow the rule, or mend the example"


def test_a_near_miss_that_another_rule_takes_is_told_with_its_name(told: Told) -> None:
    (problem,) = told({"common.txt": RULE + "rule: other\nlabel: share\nwhy: x\nstarts: They zorp\ndrop: They zorp now\nkeep: Do they zorp?\n"})
    assert problem.startswith("common.txt:6:7: with all rules loaded it is removed, by common/other;")


def test_an_example_that_an_exception_keeps_is_told(told: Told) -> None:
    (problem,) = told({"common.txt": RULE + "rule: stays\naction: keep\nwhy: x\ncontains: Zorp blick\nkeep: Zorp blick for ever\n"})
    assert problem.startswith("common.txt:5:7: with all rules loaded, an exception keeps 'Zorp blick';")


def test_an_exception_that_does_not_find_its_own_example_is_told(told: Told) -> None:
    (problem,) = told({"common.txt": "rule: stays\naction: keep\nwhy: x\ncontains: Zorp blick\nkeep: Nothing of the kind\n"})
    assert problem.startswith("common.txt:5:7: exception common/stays does not find its own example;")


@pytest.mark.parametrize("key", ["is", "starts"])
def test_a_phrase_that_another_rule_takes_everywhere_can_never_fire(told: Told, key: str) -> None:
    first = RULE.replace("is:", f"{key}:").replace("They zorp", "Do they zorp")
    second = first.replace("rule: zorp", "rule: zorp-again")
    problems = told({"common.txt": first + second})
    assert [p for p in problems if p.startswith("common.txt:10:") and "can never fire: common/zorp (line 4) takes 'Zorp blick' everywhere" in p], problems


def test_a_phrase_that_a_common_rule_takes_can_never_fire_in_a_language(told: Told) -> None:
    problems = told({"common.txt": RULE, "lang/fr.txt": "language: fr\n" + RULE})
    assert any(p.startswith("lang/fr.txt:5:") and "can never fire" in p for p in problems), problems


def test_the_same_phrase_in_two_languages_is_no_shadow(told: Told) -> None:
    assert told({"lang/fr.txt": "language: fr\n" + RULE, "lang/de.txt": "language: de\n" + RULE}) == []


@pytest.mark.parametrize("pattern", [r"zorp (?:a|a)+$", r"zorp(?: \w+)*(?: \w+)*(?: \w+)*!", r"(\w+\s?)+ blick$"])
def test_a_regular_expression_that_can_run_for_ever_is_told(told: Told, pattern: str) -> None:
    slow = RULE.replace("is: Zorp blick", f"matches: {pattern}")
    problems = [
        p
        for p in told({"common.txt": slow})
        if p.startswith("common.txt:4:10: this regular expression takes for ever on some lines (catastrophic backtracking); do not nest or chain + and *")
    ]
    assert len(problems) == 1


@pytest.mark.parametrize("pattern", [r"zorp (?:\w+ ){0,5}blick", r"zorp.{0,40}blick", r"zorp\s+blick|\d+ zorps?"])
def test_a_regular_expression_with_bounds_is_not(told: Told, pattern: str) -> None:
    assert not [p for p in told({"common.txt": RULE.replace("is: Zorp blick", f"matches: {pattern}")}) if "for ever" in p]


@pytest.mark.parametrize("key", ["after", "before"])
def test_a_neighbour_that_does_not_exist_is_told(told: Told, key: str) -> None:
    problems = told({"common.txt": RULE + f"{key}: nowhere\n"})
    assert "common.txt:1:1: rule common/zorp refers to 'common/nowhere', which does not exist; name an existing rule by its full id" in problems


def test_an_example_of_a_chain_brings_the_rule_that_it_follows(told: Told) -> None:
    second = "rule: krull\nlabel: share\nwhy: x\nis: Krull\nafter: zorp\ndrop: [[Zorp blick\\nKrull]]\nkeep: Krull\n"
    assert told({"common.txt": RULE + second}) == []


def test_allow_of_a_rule_that_does_not_exist_is_told(told: Told) -> None:
    (problem,) = told({"common.txt": RULE, "site/example.org.txt": "hosts: example.org\nallow: common/zorp\nallow: lang/fr/nope\n"})
    assert problem == "site/example.org.txt:3:8: there is no rule 'lang/fr/nope' to allow; name a rule by its full id, such as lang/fr/lire-aussi"


TOP = "language: fr\nagency: AFP\ndateline: {place} ({agency}) –\nfound: [[Paris (AFP) –]] Le président\nnot-found: Paris (2-1) – Le\n"


def test_good_dateline_forms_have_no_problem(told: Told) -> None:
    assert told({"lang/fr.txt": TOP}) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("found: [[Paris (XYZ) –]] Le", "lang/fr.txt:6:8: no dateline form fits, not 'Paris (XYZ) –'"),
        ("found: [[Paris (AFP)]] – Le", "lang/fr.txt:6:8: found 'Paris (AFP) –', not 'Paris (AFP)'"),
        ("not-found: Lyon (AFP) – Le", "lang/fr.txt:6:12: taken for a dateline: 'Lyon (AFP) –"),
        ("dateline: {place}, {date} ({agency}) –", "lang/fr.txt:6:11: no 'found' example shows this form; add one"),
    ],
)
def test_a_dateline_example_that_is_not_as_marked_is_told(told: Told, line: str, problem: str) -> None:
    (found,) = told({"lang/fr.txt": TOP + line + "\n"})
    assert found.startswith(problem)


def test_problems_come_in_the_order_of_files_and_lines(told: Told) -> None:
    files = {"lang/fr.txt": "language: fr\n" + RULE + "drop: Two\ndrop: One\n", "common.txt": RULE.replace("Zorp", "Krull") + "keep: Krull blick!\n"}
    places = [p.split(": ", 1)[0] for p in told(files)]
    assert places == ["common.txt:7:7", "lang/fr.txt:8:7", "lang/fr.txt:9:7"]


def test_the_checker_can_be_told_which_files_to_check(told: Told) -> None:
    files = {"lang/fr.txt": "language: fr\n" + RULE + "drop: Two\n", "common.txt": RULE.replace("Zorp", "Krull") + "keep: Krull blick!\n"}
    assert [p.split(":", 1)[0] for p in told(files, ["lang/fr.txt"])] == ["lang/fr.txt"]


def one(text: str) -> Rule:
    """The only rule of a file."""
    (found,) = parse(text, "F", "common").rules
    return found


def test_an_example_is_set_among_running_text_and_its_marks_are_taken_off() -> None:
    page, wanted = document(one(RULE), "The vote is over. [[Zorp blick]]")
    assert "The vote is over. Zorp blick" in page.lines
    assert len(page.lines) > 3
    assert "".join(page.text[i] for i in sorted(wanted)) == "Zorpblick"


def test_an_example_without_marks_goes_whole() -> None:
    page, wanted = document(one(RULE), "Zorp\\nblick")
    assert "".join(page.text[i] for i in sorted(wanted)) == "Zorpblick"
    assert page.lines.index("blick") == page.lines.index("Zorp") + 1
