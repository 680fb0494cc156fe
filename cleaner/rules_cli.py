"""`clean-article-rules`: check, list and show rules, begin a language's file."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from cleaner import catalog
from cleaner.catalog import Catalog
from cleaner.model import LABELS, RuleError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 all well, 1 faults or nothing found, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="clean-article-rules", description="Check, list and show rules, begin a language's file.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("check", help="find every fault of every rule file")
    command.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="rule files or folders (default: all that are in use)")
    command = commands.add_parser("list", help="list rules, one a line: id, label, reason")
    command.add_argument("--language", metavar="CODE", help="only the rules that run on texts in this language")
    command.add_argument("--site", metavar="HOST", help="also those that run on this site")
    command.add_argument("--label", choices=LABELS, help="only those with this label")
    command.add_argument("--rules", action="append", default=[], metavar="DIR", help="a folder of your own rule files, added to the others")
    command = commands.add_parser("show", help="show a rule as it is written, by its id, such as lang/fr/lire-aussi")
    command.add_argument("id", metavar="ID")
    command.add_argument("--rules", action="append", default=[], metavar="DIR", help="a folder of your own rule files, added to the others")
    command = commands.add_parser("new", help="make a file for a language that has none, to be filled in with the checker's help")
    command.add_argument("code", metavar="CODE", help="the language's ISO 639-1 code, such as cy")
    command.add_argument("folder", metavar="FOLDER", type=Path, help="your rule folder; the file is FOLDER/lang/CODE.txt")
    args = parser.parse_args(argv)
    if args.command == "check":
        return _check(args.paths)
    if args.command == "new":
        return _new(args.code, args.folder)
    try:
        loaded = catalog.load(args.rules)
    except RuleError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    return _show(loaded, args.id) if args.command == "show" else _list(loaded, args.language, args.site, args.label)


def _list(loaded: Catalog, language: str | None, host: str | None, label: str | None) -> int:
    places = []
    if language or host:
        places = ["common", *([f"lang/{language}"] if language else [])]
        site = loaded.site_of(host)
        if host and not site:
            print(f"clean-article-rules: no rule file for site {host!r}; there are {', '.join(p[5:] for p in loaded.sites)}", file=sys.stderr)
            return 1
        places += [site] if site else []
        if language and language not in loaded.languages:
            print(f"clean-article-rules: no rule file for language {language!r}; there are {', '.join(loaded.languages)}", file=sys.stderr)
            return 1
    found = [r for r in sorted(loaded.rules(*places), key=lambda r: r.id) if label is None or r.label == label]
    for rule in found:
        print(f"{rule.id}\t{rule.label or 'keep'}\t{rule.why}")
    return 0 if found else 1


def _show(loaded: Catalog, name: str) -> int:
    rules = {rule.id: rule for rule in loaded.rules()}
    if name not in rules:
        near = difflib.get_close_matches(name, rules, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else "see 'clean-article-rules list'"
        print(f"clean-article-rules: there is no rule '{name}'; {hint}", file=sys.stderr)
        return 1
    source = rules[name].source
    lines = Path(source.file).read_text(encoding="utf-8-sig").split("\n")
    end = source.line
    while end < len(lines) and not lines[end].startswith("rule:"):
        end += 1
    body = lines[source.line - 1 : end]
    while body and (not body[-1].strip() or body[-1].startswith("#")):
        body.pop()
    print(f"# {name}, {source}")
    print("\n".join(body))
    return 0


def _new(code: str, folder: Path) -> int:
    if not re.fullmatch("[a-z]{2,3}", code):
        print(f"clean-article-rules: {code!r} is no language code; write two or three small letters, such as cy", file=sys.stderr)
        return 2
    path = folder / "lang" / f"{code}.txt"
    template = (catalog.shipped() / "template.txt").read_text(encoding="utf-8")
    lines = [line.replace("CODE", code) for line in template.split("\n")]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(lines))
    except FileExistsError:
        print(f"clean-article-rules: {path} is there already; it stays as it is", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"clean-article-rules: {path}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{path} is made; now run: clean-article-rules check {path}")
    return 0


def _check(paths: list[Path]) -> int:
    from cleaner.check import check

    read = catalog.gather([], [catalog.shipped(), *catalog.user_folders()])
    only = None
    if paths:
        known = {str(Path(path).resolve()): path for path, _, _ in read.paths}
        extra = [(file, place) for path in paths for file, place in (catalog.find(path) if path.is_dir() else [(path, _place(path))])]
        only = {known.get(str(file.resolve()), str(file)) for file, _ in extra}
        missing = [str(p) for p in paths if p.is_dir() and not catalog.find(p)]
        new = [(str(file), place, False) for file, place in extra if str(file.resolve()) not in known]
        shipped = catalog.shipped()
        read = Catalog(tuple((path, place, Path(path).is_relative_to(shipped) and path not in only) for path, place, _ in (*read.paths, *new)), read.problems)
        for name in missing:
            print(f"{name}:1:1: no rule files in this folder; name a folder with common.txt, lang/*.txt or site/*.txt")
        if missing:
            return 1
    problems = [*read.problems, *(p for f in read.files if only is None or f.path in only for p in f.problems)]
    problems += check(read, only)
    for problem in problems:
        print(problem)
    rules = [r for r in read.rules() if only is None or r.source.file in only]
    print(f"{len(rules)} rules, {len(problems)} problems", file=sys.stderr)
    return 1 if problems else 0


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}" if path.parent.name in ("lang", "site") else "common"


if __name__ == "__main__":
    sys.exit(main())
