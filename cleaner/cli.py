"""`clean-article`: argument parsing and printing only."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cleaner.article import Article
from cleaner.engine import Cleaner
from cleaner.model import RuleError
from cleaner.sniff import looks_like_html

FORMATS = {"text": ".txt", "markdown": ".md", "json": ".json", "jsonl": ".jsonl"}
"""Output formats, with the ending that their files get."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 all well, 1 some input failed, 2 wrong usage."""
    args = _parser().parse_args(argv)
    try:
        cleaner = Cleaner(args.rules, repair_mojibake=not args.no_repair)
    except RuleError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    folder = _folder(args.output, len(args.files))
    if folder is None and args.output and args.output.is_dir():
        folder = args.output
    chunks: list[str] = []
    failed = False
    taken: set[Path] = set()
    for name in args.files:
        try:
            article = _clean(cleaner, name, args)
        except (OSError, UnicodeError) as error:
            _complain(name, error)
            failed = True
            continue
        for warning in article.warnings:
            print(f"clean-article: {_shown(name)}: {warning}", file=sys.stderr)
        chunk = render(article, args.format, name, explain=args.explain, colour=_colour(args))
        if folder is None:
            chunks.append(chunk)
            if args.output is None:
                _print(chunk, len(chunks) > 1 and args.format in ("text", "markdown"))
            continue
        try:
            target = _target(folder, name, FORMATS[args.format], taken)
            target.write_text(chunk, encoding="utf-8", errors="replace")
        except OSError as error:
            _complain(str(error.filename or folder), error)
            failed = True
    if args.output is not None and folder is None:
        try:
            args.output.write_text("\n".join(chunks) if args.format in ("text", "markdown") else "".join(chunks), encoding="utf-8", errors="replace")
        except OSError as error:
            _complain(str(args.output), error)
            failed = True
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clean-article",
        description="Take a news article, a web page or its text, and leave headline, dateline and body.",
        epilog="Exit status: 0 all well, 1 some input failed, 2 wrong usage or faulty rule files.",
    )
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE", help="web pages, text files in UTF-8, http and https URLs; - is standard input (the default)")
    parser.add_argument("--input", choices=("auto", "html", "text"), default="auto", help="what the inputs are; told by looking if not said")
    parser.add_argument("--captions", action="store_true", help="keep the captions of a page's pictures")
    parser.add_argument("--format", choices=FORMATS, default="text", help="text (the default), markdown, json, or jsonl (one line an article)")
    parser.add_argument("--language", metavar="CODE", help="the inputs' language, such as fr; found out if not said")
    parser.add_argument("--url", help="where the inputs come from; chooses a site's rules")
    parser.add_argument("--rules", action="append", default=[], metavar="DIR", help="a folder of your own rule files, added to the others; may be said again")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE|DIR", help="write there; with several inputs a folder, one file an input")
    parser.add_argument("--explain", action="store_true", help="show the text with what goes marked, then a table of what took it")
    parser.add_argument("--no-repair", action="store_true", help="do not repair mojibake")
    return parser


def render(article: Article, style: str, name: str = "-", *, explain: bool = False, colour: bool = False) -> str:
    """An article in one of `FORMATS`; ends with a line break."""
    if style in ("json", "jsonl"):
        data = {"source": _shown(name), **article.to_dict()}
        return json.dumps(data, ensure_ascii=False, indent=2 if style == "json" else None) + "\n"
    if explain:
        from cleaner.explain import explain as report

        return report(article, colour)
    if style == "text":
        return article.text + "\n" if article.text else ""
    parts = [f"# {article.headline}"] if article.headline else []
    parts += [f"*{article.dateline.text}*"] if article.dateline else []
    kinds = {block.text: block.kind for block in article.blocks}
    marks = {"crosshead": "## ", "quote": "> "}
    parts += [marks.get(kinds.get(p, ""), "") + (p if kinds.get(p) != "list-item" else "- " + p[1:].lstrip()) for p in article.paragraphs]
    return "\n\n".join(parts) + "\n" if parts else ""


def _clean(cleaner: Cleaner, name: str, args: argparse.Namespace) -> Article:
    """The article of one input: a URL, a page, or a text."""
    from cleaner.download import download, is_url

    url, encoding = args.url, None
    if is_url(name):
        got = download(name)
        data, url, encoding = got.data, url or got.url, got.encoding
    else:
        data = _read(name)
    if args.input == "html" or (args.input == "auto" and looks_like_html(data)):
        return cleaner.clean(data, url, args.language, captions=args.captions, encoding=encoding)
    return cleaner.clean_text(_text(data, name), url, args.language)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    path = Path(name)
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder; name the files in it", name)
    return path.read_bytes()


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        print(f"clean-article: {_shown(name)}: line {line} is not UTF-8; bytes that cannot be read are replaced by U+FFFD", file=sys.stderr)
        return data.decode("utf-8-sig", "replace")


def _print(chunk: str, apart: bool) -> None:
    """Write to standard output; characters that cannot be written anywhere (lone surrogates) become ``?``."""
    text = ("\n" if apart else "") + chunk
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _colour(args: argparse.Namespace) -> bool:
    return args.output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _folder(output: Path | None, inputs: int) -> Path | None:
    """The folder to write to, if one is meant: there already, named with a slash, or needed for several inputs."""
    if output is None or not (inputs > 1 or output.is_dir()):
        return None
    return output


def _target(folder: Path, name: str, ending: str, taken: set[Path]) -> Path:
    """The output file of an input: its name with the format's ending, numbered if two inputs share it."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = "stdin" if name == "-" else Path(name.split("?", maxsplit=1)[0].rstrip("/") if "://" in name else name).stem
    target = folder / (stem + ending)
    number = 2
    while target in taken:
        target = folder / f"{stem}-{number}{ending}"
        number += 1
    taken.add(target)
    return target


def _shown(name: str) -> str:
    return "<stdin>" if name == "-" else name


def _complain(name: str, error: Exception) -> None:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    print(f"clean-article: {_shown(name)}: {reason}", file=sys.stderr)


def run() -> None:
    """The console script: `main`, ending quietly where the reader of a pipe has gone."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    run()
