"""Blocks × rules → verdicts. Pure: the same page and rules give the same answer.

Two passes. In the first every block is judged alone, by the rules' text
conditions. In the second it is judged among its neighbours: zones, what stands
before and behind it, sections, and the structural rules (`cleaner.shapes`).
The order of rules plays no part: all that fire are gathered, an exception wins
over any removal, and among removals a site's rule names the cause before a
language's, a language's before a common one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from cleaner import shapes
from cleaner.matcher import Hit, Matcher, compile_rules
from cleaner.model import Page, Rule
from cleaner.prose import SENTENCE, Prose
from cleaner.remember import remembered
from cleaner.shapes import Context


@dataclass(frozen=True)
class RuleSet:
    """Rules ready to judge with: compiled phrases, structural rules, sentence ends."""

    matcher: Matcher
    """What looks for the removals' phrases."""
    everywhere: Matcher
    """What looks for exceptions and for what tells a site: in every line, whatever its shape."""
    shapes: tuple[Rule, ...]
    prose: Prose

    @classmethod
    def of(cls, rules: Iterable[Rule], sentence_ends: Iterable[str] = (), content: bytes | None = None) -> RuleSet:
        """Compile rules; `sentence_ends` are the marks that end a sentence in any of their languages.

        `content` is what the rules were read from, if compiling them is worth remembering.
        """
        rules = sorted(rules, key=lambda r: r.id)
        phrases = [r for r in rules if r.texts]
        drops = [r for r in phrases if r.action == "drop"]
        return cls(
            Matcher(drops, tables=remembered(content, partial(compile_rules, drops)) if content else None),
            Matcher([r for r in phrases if r.action != "drop"], few=True),
            tuple(r for r in rules if r.shape),
            Prose(sentence_ends),
        )


@dataclass(frozen=True)
class Site:
    """A site's own rules, and the ids of base rules that it does not want."""

    place: str
    rules: RuleSet
    disabled: frozenset[str] = frozenset()


@dataclass
class Judgement:
    """What became of each block of a page."""

    causes: list[Rule | None]
    """The rule that takes the whole block, if any."""
    saved: dict[int, Rule] = field(default_factory=dict)
    """The exception that kept a block which a rule would have taken."""
    parts: dict[int, list[tuple[int, int, Rule]]] = field(default_factory=dict)
    """Parts of kept blocks that go: start, end (code points of the block), and the rule."""
    warnings: list[str] = field(default_factory=list)
    site: str | None = None
    """The place of the site whose rules applied."""
    headline: int | None = None
    """The block that is the headline, if one was found."""
    first: int = 0
    """The first block of the article's running text; the number of blocks if there is none."""


def judge(page: Page, folded: str, base: RuleSet, choose_site: Callable[[set[str]], Site | None] = lambda told: None) -> Judgement:
    """Judge all blocks of a page by the base rules and those of its site.

    `folded` is `cleaner.fold.fold` of the blocks joined by line breaks.
    `choose_site` is given the places of the sites that the text tells of, and
    says whose rules apply.
    """
    result = Judgement([None] * len(page.lines))
    if not page.lines:
        site = choose_site(set())
        result.site = site.place if site else None
        return result
    context = Context(page, folded.split("\n"), base.prose)
    fired = _fire(base.everywhere, context, folded, result)
    site = choose_site({rule.id for _, rule in fired if rule.action == "tell"})
    result.site = site.place if site else None
    fired += _fire(base.matcher, context, folded, result, context.in_question)
    structural = list(base.shapes)
    if site:
        fired = [f for f in fired if f[1].id not in site.disabled]
        fired += _fire(site.rules.everywhere, context, folded, result)
        fired += _fire(site.rules.matcher, context, folded, result)
        structural = [r for r in structural if r.id not in site.disabled] + list(site.rules.shapes)
    _by_phrases(context, fired, result)
    shapes.apply(context, structural, result.causes, _stronger)
    for block in result.saved:
        result.causes[block] = None
        result.parts.pop(block, None)
    result.headline = context.headline
    result.first = context.first
    return result


def _fire(matcher: Matcher, context: Context, folded: str, result: Judgement, blocks: Sequence[int] | None = None) -> list[tuple[Hit, Rule]]:
    """The rules of a matcher that fire, on these blocks or on all."""
    if not matcher.rules:
        return []
    hits, warnings = matcher.find(context.lines, folded, context.folded, blocks, context.zone, context.counts)
    result.warnings += warnings
    return [(hit, matcher.rules[hit.rule]) for hit in hits]


def _by_phrases(context: Context, fired: list[tuple[Hit, Rule]], result: Judgement) -> None:
    """How blocks end, neighbours, exceptions, and how far each removal reaches."""
    fired = [(hit, rule) for hit, rule in fired if rule.sentence is None or (context.end(hit.block) == SENTENCE) == rule.sentence]
    for hit, rule in fired:
        if rule.action == "keep" and not (rule.after or rule.before):
            result.saved[hit.block] = _stronger(result.saved.get(hit.block), rule)
    waiting = [(hit, rule) for hit, rule in fired if rule.action == "drop" and hit.block not in result.saved]
    found: dict[int, set[str | None]] = {}
    for hit, rule in waiting:
        if hit.span is None:
            found.setdefault(hit.block, set()).add(rule.label)
    ids: dict[int, set[str]] = {}
    reached: dict[int, Rule] = {}
    while waiting:
        rest = []
        for hit, rule in waiting:
            if not _beside(hit.block, rule, ids):
                rest.append((hit, rule))
                continue
            for block in _reach(context, hit, rule, result, found):
                if block == hit.block:
                    result.causes[block] = _stronger(result.causes[block], rule)
                else:  # what a rule finds itself it names; what it only reaches others may name
                    reached[block] = _stronger(reached.get(block), rule)
                ids.setdefault(block, set()).add(rule.id)
        if len(rest) == len(waiting):
            break
        waiting = rest
    for block, rule in reached.items():
        result.causes[block] = result.causes[block] or rule
    for hit, rule in fired:
        if rule.action == "keep" and (rule.after or rule.before) and _beside(hit.block, rule, ids):
            result.saved[hit.block] = _stronger(result.saved.get(hit.block), rule)


def _beside(block: int, rule: Rule, ids: dict[int, set[str]]) -> bool:
    """Whether the neighbours were taken by the rules that this one asks for."""
    after = not rule.after or not ids.get(block - 1, set()).isdisjoint(rule.after)
    before = not rule.before or not ids.get(block + 1, set()).isdisjoint(rule.before)
    return after and before


def _reach(context: Context, hit: Hit, rule: Rule, result: Judgement, found: dict[int, set[str | None]]) -> Sequence[int]:
    """The whole blocks that a hit takes; parts of blocks are noted on the way.

    `found` has the labels of the rules that take a block by its own words: a
    section ends where another kind of thing begins.
    """
    if hit.span:
        start, end = hit.span
        line = context.lines[hit.block]
        if any(map(str.isalnum, line[:start] + line[end:])):
            result.parts.setdefault(hit.block, []).append((start, end, rule))
            return ()
        return (hit.block,)
    if rule.take == "section":
        end = context.section_end(hit.block)
        return range(hit.block, next((b for b in range(hit.block + 1, end) if found.get(b, {rule.label}) != {rule.label}), end))
    if rule.take == "rest":
        return range(hit.block, len(context.lines)) if context.no_prose_from(hit.block) else ()
    return (hit.block,)


def _stronger(old: Rule | None, new: Rule) -> Rule:
    """Which of two rules names the cause: the nearer to the site, then the first by id."""
    if old is None or new.tier > old.tier or (new.tier == old.tier and new.id < old.id):
        return new
    return old
