"""Article → report: the text with what went marked, and a table of what took it."""

from __future__ import annotations

from cleaner.article import Article

_RED, _DIM, _BOLD, _CYAN, _OFF = "\x1b[31;9m", "\x1b[2m", "\x1b[1m", "\x1b[36m", "\x1b[0m"
_COLOURS = {"removed": _RED, "headline": _BOLD, "dateline": _CYAN, "byline": _CYAN}
_MARKS = {"removed": ("[-", "-]"), "headline": ("[headline: ", "]"), "dateline": ("[dateline: ", "]"), "byline": ("[byline: ", "]")}


def explain(article: Article, colour: bool = False) -> str:
    """The whole text with what was removed marked, then a table: label, rule, file:line, text.

    In colour for a terminal (removed text red and struck through), else with
    ``[-`` and ``-]`` around what was removed.
    """
    marked = []
    for verdict in article.verdicts:
        text = article.source_text[verdict.start : verdict.end]
        if verdict.kind in _MARKS:
            before, behind = (_COLOURS[verdict.kind], _OFF) if colour else _MARKS[verdict.kind]
            text = f"{before}{text}{behind}"
        marked.append(text)
    return "".join(marked).rstrip("\n") + "\n\n" + table(article)


def table(article: Article, width: int = 60) -> str:
    """One line for each removal: label, rule, file:line and the text, cut to `width` characters."""
    rows = [("label", "rule", "file:line", "text")]
    rows += [(r.label, r.rule, r.source, _cut(r.text, width)) for r in article.removed]
    rows += [("kept", v.rule.id, str(v.rule.source), _cut(article.source_text[v.start : v.end], width)) for v in article.verdicts if v.rule and v.kind != "removed"]
    if len(rows) == 1:
        return "Nothing was removed.\n"
    sizes = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join("  ".join([*(cell.ljust(size) for cell, size in zip(row[:3], sizes, strict=True)), row[3]]) + "\n" for row in rows)


def _cut(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"
