"""Running the examples of rule files, and finding rules that do nothing or too much."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

import regex

from cleaner import language
from cleaner.catalog import Catalog
from cleaner.dateline import Forms, Head
from cleaner.fold import fold
from cleaner.judge import Judgement, RuleSet, Site, judge, judge_page, mark_page
from cleaner.literals import pattern_literals
from cleaner.model import Page, Phrase, Problem, Rule
from cleaner.places import has_place
from cleaner.read_html import read_html
from cleaner.read_text import read_text
from cleaner.rulefile import RuleFile
from cleaner.shapes import BY_PAGE

FILLER = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua.",
    "Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat duis aute irure.",
)
"""Running text in no living language, set around an example."""
_SHORT, _LONG = 800, 4000
"""Characters of the lines on which patterns are tried."""
_WORTHWHILE = 20
"""Files from which on several processes check them."""
_SUSPICIOUS, _TOO_LONG = 0.01, 0.5
"""Seconds that a pattern may take on them: what backtracks by the cube or worse takes more."""


def check(catalog: Catalog, only: Iterable[str] | None = None) -> list[Problem]:
    """Every problem of the catalog's rules beyond the files' form.

    `only` names the files whose rules are to be checked (all if None). "All
    rules" for a rule's examples are those that run on a text of its language: the
    common ones, its language's, those of the languages that always run, and its site's.
    """
    wanted = None if only is None else set(only)
    if wanted is None and (os.cpu_count() or 1) > 1 and len(catalog.paths) > _WORTHWHILE and "fork" in multiprocessing.get_all_start_methods():
        return _together(catalog)
    everything = {rule.id: rule for rule in catalog.rules()}
    rules = [r for r in everything.values() if wanted is None or r.source.file in wanted]
    always = [f"lang/{code}" for code in catalog.top("always", "common")]
    bases: dict[str, RuleSet] = {}
    sites: dict[str, Site] = {}
    problems: list[Problem] = []
    for rule in rules:
        place = rule.id.rsplit("/", 1)[0]
        own = next((f"lang/{v}" for f in catalog.at(place) for v in f.values("language")), "common")
        if rule.shape == "worded-alike":  # says nothing without a language
            own = f"lang/{_language(rule)}"
        if own not in bases:
            places = ("common", own, *always)
            bases[own] = RuleSet.of(catalog.rules(*places), catalog.signs(*places), languages=[own.removeprefix("lang/")])
        if rule.tier == 2 and place not in sites:
            sites[place] = Site(place, RuleSet.of(catalog.rules(place)), frozenset(catalog.top("allow", place)))
        problems += _references(rule, everything)
        problems += _slow(rule)
        problems += _examples(rule, everything, bases[own], sites.get(place))
    problems += _shadowed(rules, everything.values())
    for file in catalog.files:
        if wanted is None or file.path in wanted:
            problems += _allowed(file, everything)
            problems += _datelines(file, catalog)
    return sorted(problems, key=lambda p: (p.file, p.line, p.column))


def _together(catalog: Catalog) -> list[Problem]:
    """What `check` finds, by as many processes as there are cores: each has the files as read here, and takes some of them."""
    groups: dict[str, list[RuleFile]] = {}  # files of one language together, since its rules are compiled for all of them
    for file in catalog.files:  # read before the processes part
        groups.setdefault(next(iter(file.values("language")), ""), []).append(file)
    cores = os.cpu_count() or 1
    batches: list[list[RuleFile]] = [[] for _ in range(2 * cores)]
    for files in sorted(groups.values(), key=lambda files: -_size(files)):
        min(batches, key=_size).extend(files)
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("fork"), initializer=_share, initargs=(catalog,)) as pool:
        found = [problem for problems in pool.map(_checked, [[file.path for file in batch] for batch in batches]) for problem in problems]
    return sorted(found, key=lambda p: (p.file, p.line, p.column))


def _size(files: Sequence[RuleFile]) -> int:
    return sum(len(rule.drops) + len(rule.keeps) for file in files for rule in file.rules)


_shared: list[Catalog] = []


def _share(catalog: Catalog) -> None:
    _shared[:] = [catalog]


def _checked(paths: list[str]) -> list[Problem]:
    return check(_shared[0], paths)


def _language(rule: Rule) -> str:
    """The language of a rule's examples, by their look."""
    return language.detect(max((line for example in rule.drops for line in example.text.split("\\n")), key=len, default="")) or ""


def _allowed(file: RuleFile, rules: dict[str, Rule]) -> list[Problem]:
    return [
        Problem(file.path, p.line, p.column, f"there is no rule '{p.text}' to allow", "name a rule by its full id, such as lang/fr/lire-aussi")
        for p in file.top.get("allow", ())
        if p.text not in rules
    ]


def _datelines(file: RuleFile, catalog: Catalog) -> list[Problem]:
    """Dateline examples that are not found as marked, near misses that are, and forms without an example."""
    places = ("common", file.place)
    names = catalog.top("agency", *places)
    forms = Forms.of(catalog.top("dateline", file.place), [], names)
    problems = []
    used: set[str] = set()
    for example in file.top.get("found", ()):
        before, _, rest = example.text.replace("\\n", "\n").partition("[[")
        marked, _, behind = rest.partition("]]")
        text = before + marked + behind
        found = forms.dateline(text)
        got = text[found[0] : found[1]].strip() if found else ""
        if got != marked.strip():
            what = f"found {got!r}" if got else "no dateline form fits"
            problems.append(Problem(file.path, example.line, example.column, f"{what}, not {marked!r}", "mend the forms or the example"))
        head = Head(text, forms.agencies)
        used |= {form.text for _, group in forms.datelines for form in group if (hit := form.match(head)) and hit.end() >= len(marked.rstrip())}
    for example in file.top.get("not-found", ()):
        found = forms.dateline(example.text)
        if found:
            problems.append(Problem(file.path, example.line, example.column, f"taken for a dateline: {example.text[: found[1]]!r}", "narrow the form"))
    for form in file.top.get("dateline", ()):
        if form.text not in used and file.top.get("found"):
            problems.append(Problem(file.path, form.line, form.column, "no 'found' example shows this form", "add one"))
    return problems


def _references(rule: Rule, rules: dict[str, Rule]) -> list[Problem]:
    return [
        Problem(rule.source.file, rule.source.line, 1, f"rule {rule.id} refers to '{name}', which does not exist", "name an existing rule by its full id")
        for name in (*rule.after, *rule.before)
        if name not in rules
    ]


# -- examples -----------------------------------------------------------------------


def _examples(rule: Rule, rules: dict[str, Rule], base: RuleSet, site: Site | None) -> list[Problem]:
    found: list[Problem] = []
    needed = {rule.id: rule}
    queue = [*rule.after, *rule.before]
    while queue:
        name = queue.pop()
        if name in rules and name not in needed:
            needed[name] = rules[name]
            queue += [*rules[name].after, *rules[name].before]
    alone = RuleSet.of(needed.values(), base.prose.signs, languages=[_language(rule)] if rule.shape == "worded-alike" else ())
    for example in rule.drops:
        page, wanted = document(rule, example.text)
        judgement = _judge(page, alone)
        goes = removed(page, judgement)
        if goes != wanted:
            found.append(_fault(rule, example, _difference(page, wanted, goes, f"rule {rule.id}")))
        elif rule.id not in {r.id for r in _rules(judgement)}:
            found.append(_fault(rule, example, f"rule {rule.id} does not fire on its own example"))
        else:
            goes = removed(page, _judge(page, base, site))
            if not wanted <= goes:
                found.append(_fault(rule, example, "with all rules loaded, an exception keeps " + _show(page, wanted - goes)))
    for example in rule.keeps:
        page, _ = document(rule, example.text)
        judgement = _judge(page, alone)
        if any(r.id == rule.id for r in _rules(judgement)) and rule.action == "drop":
            found.append(_fault(rule, example, f"rule {rule.id} removes it, though it must stay"))
            continue
        if rule.action == "keep" and not any(r.id == rule.id for r in judgement.saved.values()):
            if not _judge(page, alone).saved:
                found.append(_fault(rule, example, f"exception {rule.id} does not find its own example"))
            continue
        judgement = _judge(page, base, site)
        goes = removed(page, judgement)
        if goes:
            names = ", ".join(sorted({str(r.id) for r in _rules(judgement)}))
            found.append(_fault(rule, example, f"with all rules loaded it is removed, by {names}"))
    return found


def _judge(page: Page, base: RuleSet, site: Site | None = None) -> Judgement:
    if page.markup:
        from cleaner.content import find_headline, judge_blocks

        marked = mark_page(page, find_headline(page), base, site)
        names = [any(r.shape == BY_PAGE for r in marked.meets[e]) for e in page.markup.element]  # these only name what is outside
        scores = judge_blocks(page, base.prose.shapes(page.lines), marked.headline, [cause is not None for cause in marked.decided])
        return judge_page(marked, [-1.0 if name else score for name, score in zip(names, scores, strict=True)], base, site)
    return judge(page, fold("\n".join(page.lines)), base, lambda told: site)


def document(rule: Rule, example: str) -> tuple[Page, set[int]]:
    """An example as a page, set among running text, and the offsets (spaces aside) that must go."""
    text = example.replace("\\n", "\n")
    if on_pages(rule):
        return _page(rule, text)
    if not rule.shape:
        before = "" if rule.zones == {"head"} else "\n".join(FILLER) + "\n"
        after_text = rule.take == "rest" or (rule.zones and "body" not in rule.zones and "tail" in rule.zones)
        behind = "" if after_text else "\n" + "\n".join(FILLER)
        text = before + (text if "[[" in text else f"[[{text}]]") + behind
    elif "[[" not in text:
        text = f"[[{text}]]"
    plain = ""
    wanted: set[int] = set()
    inside = False
    for piece in re.split(r"(\[\[|\]\])", text):
        if piece in ("[[", "]]"):
            inside = piece == "[["
            continue
        if inside:
            wanted |= {len(plain) + i for i, c in enumerate(piece) if not c.isspace()}
        plain += piece
    return read_text(plain), wanted


def on_pages(rule: Rule) -> bool:
    """Whether a rule can only be met by a block of a web page; its examples are HTML."""
    return has_place(rule) or rule.link_density > 0 or rule.shape == BY_PAGE


def _page(rule: Rule, example: str) -> tuple[Page, set[int]]:
    """An example in HTML as a page, set among running text."""
    if "[[" not in example:
        example = f"[[{example}]]"
    filler = "".join(f"<p>{line}</p>" for line in FILLER)
    text = f"<html><body><article>{filler}{example}{filler}</article></body></html>"
    page, _ = read_html(text.replace("[[", "\ue000").replace("]]", "\ue001"), selectors=rule.selectors)
    wanted: set[int] = set()
    inside = False
    at = 0
    for line in page.lines:
        start = at
        for letter in line:
            if letter in "\ue000\ue001":
                inside = letter == "\ue000"
            elif at > start or not letter.isspace():
                wanted |= {at} if inside and not letter.isspace() else set()
                at += 1
        at += at > start  # a mark that stands alone is no block
    return read_html(text.replace("[[", "").replace("]]", ""), selectors=rule.selectors)[0], wanted


def removed(page: Page, judgement: Judgement) -> set[int]:
    """The offsets (spaces aside) that go."""
    goes: set[int] = set()
    for block, cause in enumerate(judgement.causes):
        start = page.starts[block]
        ranges = [(0, len(page.lines[block]))] if cause else [(s, e) for s, e, _ in judgement.parts.get(block, ())]
        for first, last in ranges:
            goes |= {start + i for i in range(first, last) if not page.text[start + i].isspace()}
    return goes


def _rules(judgement: Judgement) -> list[Rule]:
    return [*filter(None, judgement.causes), *(rule for parts in judgement.parts.values() for *_, rule in parts)]


def _fault(rule: Rule, example: Phrase, wrong: str) -> Problem:
    return Problem(rule.source.file, example.line, example.column, wrong, "widen or narrow the rule, or mend the example")


def _difference(page: Page, wanted: set[int], goes: set[int], who: str) -> str:
    if wanted - goes:
        return f"{who} leaves " + _show(page, wanted - goes)
    return f"{who} takes more than marked: " + _show(page, goes - wanted)


def _show(page: Page, offsets: set[int]) -> str:
    text = page.text[min(offsets) : max(offsets) + 1]
    return repr(text if len(text) <= 60 else text[:60] + "…")


# -- patterns, shadows ----------------------------------------------------------------


def _slow(rule: Rule) -> list[Problem]:
    """Regular expressions that take long on long lines made of their own pieces."""
    found = []
    for phrase in rule.texts.get("matches", ()):
        pattern = regex.compile(phrase.text, regex.IGNORECASE)
        pieces = [*(pattern_literals(phrase.text) or ()), *(example.text for example in (*rule.drops[:1], *rule.keeps[:1]))]
        # on shorter lines first: only what takes a while there is tried on long ones
        if any(_seconds(pattern, line) > _SUSPICIOUS for line in _trials(pieces, _SHORT)) and any(_seconds(pattern, line) > _TOO_LONG for line in _trials(pieces, _LONG)):
            found.append(Problem(rule.source.file, phrase.line, phrase.column, "this regular expression takes for ever on some lines (catastrophic backtracking)",
                                 "do not nest or chain + and *; use {1,40} or a narrower class"))  # fmt: skip
    return found


def _trials(pieces: Sequence[str], size: int) -> Iterator[str]:
    """Long lines made of a pattern's own pieces, on which it would backtrack."""
    fillers = ("a", "1", " ", "a ", "1 ", ". ")
    for piece in (*pieces, *fillers):
        yield _long(piece, size)
    for piece in pieces:
        for filler in fillers:
            long = _long(filler, size)
            yield from (f"{piece} {long}", piece + long, f"{long} {piece}")


def _long(piece: str, size: int) -> str:
    return (piece * (size // len(piece) + 1))[:size]


def _seconds(pattern: regex.Pattern[str], line: str) -> float:
    """How long a pattern takes to find nothing, a few seconds at most: of this thread's own time, so that other work on the machine makes no fault of it."""
    start = time.thread_time()
    with contextlib.suppress(TimeoutError):
        pattern.search(line + "\x00", timeout=4.0)
    return time.thread_time() - start


def _shadowed(rules: Sequence[Rule], everything: Iterable[Rule]) -> list[Problem]:
    """Phrases that another rule of the same reach says too, so that this one never has anything to do."""
    found = []
    said: dict[tuple[str, str], tuple[Rule, Phrase]] = {}
    for rule in sorted(everything, key=lambda r: r.id):
        if _plain(rule):
            for key, phrases in rule.texts.items():
                for phrase in phrases:
                    said.setdefault((key, fold(phrase.text)), (rule, phrase))
    for rule in rules:
        if rule.shape or rule.action == "keep" or len(rule.texts) != 1 or rule.tier == 2:
            continue
        for key, phrases in rule.texts.items():
            for phrase in phrases:
                other = said.get((key, fold(phrase.text)))
                if other and other[0].id != rule.id and other[0].id.rsplit("/", 1)[0] in ("common", rule.id.rsplit("/", 1)[0]):
                    where = f"{other[0].id} (line {other[1].line})"
                    if _within(rule, other[0]):
                        found.append(Problem(rule.source.file, phrase.line, phrase.column, f"can never fire: {where} takes {phrase.text!r} everywhere", "delete one of the two"))
    return found


def _plain(rule: Rule) -> bool:
    return len(rule.texts) == 1 and not (rule.shape or rule.zones or rule.after or rule.before or rule.min_words) and rule.action == "drop"


def _within(rule: Rule, other: Rule) -> bool:
    return other.max_words is None or (rule.max_words is not None and rule.max_words <= other.max_words)
