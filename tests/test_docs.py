"""What README, CONTRIBUTING and the format's page show is what happens."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import cleaner
from cleaner import catalog, check, rules_cli, shapes
from cleaner.explain import explain
from cleaner.rulefile import SHAPES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "fixtures" / "courrier-du-sud.example" / "retenues-d-eau" / "source.txt"


def block(name: str) -> str:
    """The fenced block behind a ``<!-- name -->`` mark of the README."""
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", README, re.S)
    assert found, f"README has no block <!-- {name} -->"
    return found[1]


def test_the_readme_shows_a_fixture_before_and_after() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    article = cleaner.clean_text(text)
    assert block("before") == text
    assert block("after") == article.text + "\n"


def test_the_readme_shows_what_explain_says() -> None:
    report = explain(cleaner.clean_text(EXAMPLE.read_text(encoding="utf-8")))
    rules = [line.split() for line in report.split("\n\n")[-1].splitlines()[1:]]
    shown = [line.split() for line in block("explain").splitlines()[1:]]
    assert [row[:2] for row in shown] == [row[:2] for row in rules]


def test_the_readme_s_commands_name_files_that_exist() -> None:
    for command in (block("run"), block("test")):
        for word in re.findall(r"[\w./-]+/[\w./-]+\.txt", command):
            assert (ROOT / word).is_file(), word


@pytest.mark.parametrize("page", ["README.md"])
def test_python_examples_run(page: str) -> None:
    failures, tried = doctest.testfile(str(ROOT / page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried
    assert not failures


def test_docstring_examples_run() -> None:
    failures, tried = doctest.testmod(cleaner)
    assert tried
    assert not failures


def test_the_rule_that_contributing_shows_passes_the_checker(tmp_path: Path) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rule = re.search(r"```text\n(.*?)```", page, re.S)
    assert rule
    (tmp_path / "lang").mkdir()
    lines = "\n".join(line.strip() for line in rule[1].splitlines())
    (tmp_path / "lang" / "fr.txt").write_text("language: fr\nname: français\nsentence-ends: . ! ?\n\n" + lines, encoding="utf-8")
    loaded = catalog.gather([], [tmp_path])
    assert [str(p) for f in loaded.files for p in f.problems] == []
    assert [str(p) for p in check.check(loaded)] == []


def test_the_rule_that_the_format_s_page_shows_passes_the_checker(tmp_path: Path) -> None:
    page = (ROOT / "rules" / "README.md").read_text(encoding="utf-8")
    rule = re.search(r"## A rule\n\n((?:    .*\n)+)", page)
    assert rule
    lines = "\n".join(line.strip() for line in rule[1].splitlines())
    (tmp_path / "common.txt").write_text("sentence-ends: . ! ?\n\n" + lines, encoding="utf-8")
    loaded = catalog.gather([], [tmp_path])
    assert [str(p) for f in loaded.files for p in f.problems] == []
    assert [str(p) for p in check.check(loaded)] == []


def test_the_format_s_page_names_every_label() -> None:
    page = (ROOT / "rules" / "README.md").read_text(encoding="utf-8")
    for label in cleaner.LABELS:
        assert re.search(rf"\b{label}\b", page), label


def test_every_shape_that_a_rule_may_name_has_a_detector() -> None:
    assert sorted(SHAPES) == sorted([*shapes.DETECTORS, shapes.BY_PAGE])


def test_every_page_that_is_linked_exists() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "rules" / "README.md", ROOT / "benchmarks" / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links {target}"


def test_a_new_language_s_file_is_filled_in_with_the_checker_s_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What docs/add-a-language.md says: make it, check it, write what is missing, until nothing is."""
    path = tmp_path / "lang" / "cy.txt"
    assert rules_cli.main(["new", "cy", str(tmp_path)]) == 0
    assert rules_cli.main(["new", "cy", str(tmp_path)]) == 1, "a file that is there stays"
    assert rules_cli.main(["check", str(tmp_path)]) == 1
    found = [line for line in capsys.readouterr().out.splitlines() if "is still to be written; write" in line]
    asked = [n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if ": TODO " in line]
    assert [int(line.split(":")[1]) for line in found] == asked
    written = {"name": "Cymraeg", "sentence-ends": ". ! ?", "quotes": "‘ ’ “ ”", "agency": "PA", "byline": "Gan {name}"}
    written |= {"found": "[[Caerdydd, 27 Rhagfyr (AFP) –]] Dywedodd y prif", "not-found": "Caerdydd (2-1) – Abertawe: colli eto."}
    lines = []
    number = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(": ")
        if key == "rule":
            number += 1
        if value.startswith("TODO"):
            value = written.get(key, f"zorp{'abcdefghijklmnopqrstuv'[number]} blick:")
            value = {"drop": value + " krull", "keep": f"Mae'r zorp yn canu {number} waith."}.get(key, value)
        if key == "dateline" and value.startswith("{place} ("):
            continue
        if key == "drop" and lines[-1].startswith(("is:", "take:")):
            value = value.removesuffix(" krull")
        lines.append(f"{key}: {value}" if key and value else line)
    path.write_text("\n".join(lines), encoding="utf-8")
    assert rules_cli.main(["check", str(tmp_path)]) == 0, capsys.readouterr().out
