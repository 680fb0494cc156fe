"""How the rules of each language do on lines of our own, in an article's text.

    python benchmarks/languages.py [CODE ...] [--lines DIR] [--all-rules] [--mixed] [--show]

Each file ``fixtures/languages/CODE.txt`` has paragraphs of an article, lines of
boilerplate by label, and lines that must stay. Every line is set alone between the
paragraphs, once in their middle and once behind the last, and the text is cleaned:
recall is the share of boilerplate lines that go whole, false removals the share of
body lines that lose a letter. Both places must come out right for a line to count as
right. ``--mixed`` sets all lines into one text instead. ``--all-rules`` cleans with the
rules of all languages at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cleaner
from cleaner.read_text import read_text

FIXTURES = Path(__file__).parent.parent / "fixtures" / "languages"


@dataclass
class Lines:
    """The lines of one file."""

    language: str
    headline: str = ""
    paragraphs: list[str] = field(default_factory=list)
    bad: list[tuple[str, str]] = field(default_factory=list)
    """Label and line."""
    body: list[str] = field(default_factory=list)


def read(path: Path) -> Lines:
    """The lines of a file of ``key: value`` lines."""
    found = Lines(path.stem)
    for line in path.read_text(encoding="utf-8").split("\n"):
        key, colon, value = line.partition(":")
        value = value.strip()
        if not colon or line.startswith("#") or not value:
            continue
        if key in ("language", "headline"):
            setattr(found, key, value)
        elif key == "paragraph":
            found.paragraphs.append(value)
        elif key == "body":
            found.body.append(value)
        else:
            found.bad.append((key, value))
    return found


def texts(lines: Lines, line: str) -> Iterator[tuple[str, int]]:
    """A line in the article's middle and behind it, and the number of the line."""
    p = lines.paragraphs
    for where in (len(p) // 2, len(p)):
        yield "\n".join([*([lines.headline] if lines.headline else []), *p[:where], line, *p[where:]]), where + bool(lines.headline)


def gone(made: cleaner.Cleaner, text: str, number: int, code: str | None) -> tuple[int, int]:
    """How many letters and digits of a line went, and how many it has."""
    article = made.clean_text(text, language=code)
    start = sum(len(line) + 1 for line in read_text(text).lines[:number])
    end = start + len(read_text(text).lines[number])
    taken = {i for r in article.removed for i in range(max(start, r.start), min(end, r.end))}
    source = "\n".join(read_text(text).lines)
    letters = [i for i in range(start, end) if source[i].isalnum()]
    return sum(i in taken for i in letters), len(letters)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("codes", nargs="*")
    parser.add_argument("--lines", type=Path, default=FIXTURES)
    parser.add_argument("--rules", type=Path, action="append", default=[])
    parser.add_argument("--detect", action="store_true", help="do not say the language")
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    made = cleaner.Cleaner(rules=args.rules)
    sums = [0, 0, 0, 0]
    for path in sorted(args.lines.glob("*.txt")):
        if args.codes and path.stem not in args.codes:
            continue
        lines = read(path)
        code = None if args.detect else path.stem
        right = wrong = 0
        for label, line in lines.bad:
            counts = [gone(made, text, number, code) for text, number in texts(lines, line)]
            fine = all(lost >= 0.9 * of for lost, of in counts)
            right += fine
            if args.show and not fine:
                print(f"  stays   {label}: {line}   {[lost for lost, _ in counts]}")
        for line in lines.body:
            counts = [gone(made, text, number, code) for text, number in texts(lines, line)]
            bad = any(lost for lost, _ in counts)
            wrong += bad
            if args.show and bad:
                text, _ = next(t for t, c in zip(texts(lines, line), counts, strict=True) if c[0])
                causes = {r.rule for r in made.clean_text(text, language=code).removed}
                print(f"  GOES    {line}   {sorted(causes)}")
        sums = [a + b for a, b in zip(sums, (right, len(lines.bad), wrong, len(lines.body)), strict=True)]
        print(f"{path.stem}: {right}/{len(lines.bad)} boilerplate gone ({right / max(1, len(lines.bad)):.3f}), {wrong}/{len(lines.body)} body lines lost", flush=True)
    print(f"all: {sums[0]}/{sums[1]} ({sums[0] / max(1, sums[1]):.3f}), {sums[2]}/{sums[3]} ({sums[2] / max(1, sums[3]):.4f})")


if __name__ == "__main__":
    main()
