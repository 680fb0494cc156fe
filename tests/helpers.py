"""What the tests share: rule files in a few words, running text, and judgements that can be read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import pytest

from cleaner.article import Article
from cleaner.engine import Cleaner
from cleaner.fold import fold
from cleaner.judge import RuleSet, Site, judge
from cleaner.matcher import Matcher
from cleaner.model import Rule
from cleaner.read_text import read_text
from cleaner.rulefile import RuleFile, parse

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

PROSE = (
    "The council voted on Monday to close the old bridge for repairs, and drivers will have to take the long way round until the spring of next year.",
    "Engineers had warned for years that the northern pier was sinking, but the money for the works was only found after the floods of last winter.",
    "Shopkeepers on the east bank say that they will lose half of their customers, and they have asked the mayor to pay for a ferry in the meantime.",
    "A spokesman for the region answered that a ferry had been considered, and that a decision would be announced before the end of the month.",
)
"""Running text beyond doubt, in which no rule of a test finds anything."""

HEADLINE = "Old bridge to close until spring for repairs"


def rule(name: str = "x", /, **keys: object) -> str:
    """A rule as it is written in a file. What it must have and the test does not care about is filled in."""
    said = {"label": "other", "why": "Because.", "drop": "An example.", "keep": "A near miss."}
    lines = [f"rule: {name}"]
    for key, value in {**said, **keys}.items():
        values: Iterable[object] = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        lines += [f"{key.rstrip('_').replace('_', '-')}: {v}" for v in values]
    return "\n".join(lines) + "\n\n"


def read(text: str, place: str = "common") -> RuleFile:
    """A rule file, which must have no fault."""
    file = parse(text, f"{place}.txt", place)
    assert not file.problems, "\n".join(map(str, file.problems))
    return file


def rules(text: str, place: str = "common") -> list[Rule]:
    """The rules of a rule file's text."""
    return list(read(text, place).rules)


def write_rules(folder: Path, files: dict[str, str]) -> Path:
    """Write rule files, by their path in the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    return folder


def hits(found: Sequence[Rule] | Matcher, text: str) -> list[tuple[str, str]]:
    """Which rule's text conditions hold where: (id without its place, what would be taken), in the order of the text."""
    matcher = found if isinstance(found, Matcher) else Matcher(found)
    lines = read_text(text).lines
    folded = fold("\n".join(lines))
    result, warnings = matcher.find(lines, folded, folded.split("\n"))
    assert not warnings, warnings
    return [(matcher.rules[h.rule].id.rsplit("/", 1)[1], lines[h.block][slice(*h.span)] if h.span else lines[h.block]) for h in result]


def fires(text: str, **keys: object) -> bool:
    """Whether a rule with these keys finds anything in a text."""
    return bool(hits(rules(rule(**keys)), text))


def judged(found: Sequence[Rule], text: str, site: Site | None = None) -> list[tuple[str, str | None]]:
    """What became of each line: (line, id of the rule that took it, or None). Parts that went are in ``[-id: part-]``."""
    page = read_text(text)
    judgement = judge(page, fold("\n".join(page.lines)), RuleSet.of(found), lambda told: site)
    shown = []
    for block, (line, cause) in enumerate(zip(page.lines, judgement.causes, strict=True)):
        for start, end, name in reversed(_merged(judgement.parts.get(block, []))):
            line = f"{line[:start]}[-{name}: {line[start:end]}-]{line[end:]}"
        shown.append((line, cause.id if cause else None))
    return shown


def _merged(parts: Iterable[tuple[int, int, Rule]]) -> list[tuple[int, int, str]]:
    """Parts that overlap or touch, as one, under the name of the first."""
    merged: list[tuple[int, int, str]] = []
    for start, end, part in sorted(parts, key=lambda p: (p[0], -p[1], p[2].id)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
        else:
            merged.append((start, end, part.id))
    return merged


def taken(found: Sequence[Rule], text: str, site: Site | None = None) -> dict[str, str]:
    """The lines that went whole, each with the rule that took it."""
    return {line: cause for line, cause in judged(found, text, site) if cause}


def gone(article: Article) -> str:
    """What went and which rule took it, for the message of a failing test."""
    return "\n".join(f"{r.rule} ({r.source}) took {r.text!r}" for r in article.removed) or "nothing was removed"


@cache
def shipped_cleaner() -> Cleaner:
    """A cleaner with the shipped rules, for tests that hypothesis runs, which can have no fixture."""
    return Cleaner()


def page(*lines: str) -> str:
    """Lines as a text."""
    return "\n".join(lines)


def assert_tiles(article: Article) -> None:
    """Kept and removed stretches and the space between them are the text, exactly, and what is removed says so truly."""
    at = 0
    for verdict in article.verdicts:
        assert verdict.start == at, f"a gap or an overlap at {at}: {verdict}"
        assert verdict.end > verdict.start, verdict
        if verdict.kind == "space":
            assert not article.source_text[verdict.start : verdict.end].strip(), f"lost without a rule: {article.source_text[verdict.start : verdict.end]!r}"
        at = verdict.end
    assert at == len(article.source_text)
    for removed in article.removed:
        assert removed.text == article.source_text[removed.start : removed.end]


def small_disk(folder: Path, kilobytes: int, script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a folder where ``disk`` is a file system of this size, in a name space of its own; skip the test where there can be none."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        pytest.skip("file systems can be made so on Linux only, with unshare")
    (folder / "disk").mkdir()
    mount = f"mount -t tmpfs -o size={kilobytes}k tmpfs disk"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be made here")
    return subprocess.run(["unshare", "-rm", "sh", "-euc", f"{mount}\n{script}"], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
