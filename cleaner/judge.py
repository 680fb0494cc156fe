"""Blocks × rules → verdicts. Pure: the same page and rules give the same answer.

Two passes. In the first every block is judged alone, by the rules' text
conditions. In the second it is judged among its neighbours: zones, what stands
before and behind it, sections, and the structural rules (`cleaner.shapes`).
The order of rules plays no part: all that fire are gathered, an exception wins
over any removal, and among removals a site's rule names the cause before a
language's, a language's before a common one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from cleaner import shapes
from cleaner.fold import fold
from cleaner.matcher import Hit, Matcher, compile_rules
from cleaner.model import Markup, Page, Rule, Signs
from cleaner.places import Places, has_place
from cleaner.prose import SENTENCE, Prose, width
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
    places: Places
    """What looks for the page conditions of all of them."""
    languages: tuple[str, ...] = ()
    """The languages of the text."""

    @classmethod
    def of(cls, rules: Iterable[Rule], signs: Signs | None = None, content: bytes | None = None, languages: Iterable[str] = ()) -> RuleSet:
        """Compile rules; `signs` are those of their languages.

        `content` is what the rules were read from, if compiling them is worth remembering,
        `languages` are those of the texts.
        """
        rules = sorted(rules, key=lambda r: r.id)
        phrases = [r for r in rules if r.texts]
        drops = [r for r in phrases if r.action == "drop"]
        return cls(
            Matcher(drops, tables=remembered(content, partial(compile_rules, drops)) if content else None),
            Matcher([r for r in phrases if r.action != "drop"], few=True),
            tuple(r for r in rules if r.shape),
            Prose(signs),
            Places(rules),
            tuple(languages),
        )


@dataclass(frozen=True)
class Site:
    """A site's own rules, and the ids of base rules that it does not want."""

    place: str
    rules: RuleSet
    disabled: frozenset[str] = frozenset()
    selectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By key (``headline``, ``byline``, ``body``) the CSS selectors of its pages."""
    outside: Rule | None = None
    """What takes all that its ``body`` selectors do not select."""

    @property
    def asked(self) -> list[str]:
        """All selectors that its pages are to be asked."""
        return sorted({*(s for some in self.selectors.values() for s in some), *self.rules.places.selectors})


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
    bylines: Sequence[int] = ()
    """The blocks that the site's file selects as author line."""
    captions: set[int] = field(default_factory=set)
    """Captions that were asked for."""
    first: int = 0
    """The first block of the article's running text; the number of blocks if there is none."""


def judge(page: Page, folded: str, base: RuleSet, choose_site: Callable[[set[str]], Site | None] = lambda told: None) -> Judgement:
    """Judge all blocks of a text by the base rules and those of its site.

    `folded` is `cleaner.fold.fold` of the blocks joined by line breaks.
    `choose_site` is given the places of the sites that the text tells of, and
    says whose rules apply.
    """
    if not page.lines:
        site = choose_site(set())
        return Judgement([], site=site.place if site else None)
    return _judge(Context(page, folded.split("\n"), base.prose, base.languages), folded, base, choose_site)


def _judge(
    context: Context,
    folded: str,
    base: RuleSet,
    choose_site: Callable[[set[str]], Site | None],
    meets: Callable[[int, Rule], bool] = lambda block, rule: not has_place(rule) and not rule.link_density,
) -> Judgement:
    """Both passes over the blocks of a context; `meets` says whether a block meets a rule's page conditions."""
    result = Judgement([None] * len(context.lines))
    if context.scattered:
        result.first = len(context.lines)
        result.warnings.append("every line has a word or two; put each paragraph on a line of its own to have the text cleaned")
        return result
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
    _by_phrases(context, [(hit, rule) for hit, rule in fired if meets(hit.block, rule)], result)
    shapes.apply(context, structural, result.causes, _stronger)
    for block in result.saved:
        result.causes[block] = None
        result.parts.pop(block, None)
    result.headline = context.headline
    result.first = context.first
    return result


@dataclass(frozen=True)
class Marked:
    """A web page, and what page conditions alone say of it."""

    page: Page
    headline: int | None
    bylines: Sequence[int]
    """The blocks that the site's file selects as author line."""
    meets: Sequence[tuple[Rule, ...]]
    """For each element the rules whose conditions it meets, or one around it does, the innermost first."""
    decided: Sequence[Rule | None]
    """For each block the rule that takes it for its element alone."""
    inside: Sequence[bool] | None
    """For each block whether it is in the site's body; None if no body is selected."""
    warnings: tuple[str, ...]


_SHORT_BODY = 250
"""Latin letters of body below which a site's selectors may be stale in part."""
_BYLINE = 120
"""Characters that an author line has at most, ..."""
_AUTHORS = 6
"""... and how many of them there are."""


def mark_page(page: Page, headline: int | None, base: RuleSet, site: Site | None = None) -> Marked:
    """What the rules' page conditions and the site's selectors say of a page's blocks."""
    markup = page.markup
    assert markup
    elements = markup.element
    disabled = site.disabled if site else frozenset[str]()
    warnings = []
    inside: list[bool] | None = None
    bylines: list[int] = []
    if site:
        picked = {key: _first_selected(markup, some) for key, some in site.selectors.items()}
        for key, some in site.selectors.items():
            if not picked[key] and (key != "byline" or not picked.get("body")):  # many articles name no author
                what = f"{key}: {', '.join(some)} of {site.place}"
                warnings.append(f"stale selector: {what} selects nothing here; the site may have changed, its rule file wants a look")
        if picked.get("body"):
            within = _descendants(markup, picked["body"])
            inside = [within[e] for e in elements]
            if not any(inside):
                inside = None
                warnings.append(f"stale selector: body of {site.place} selects nothing that has text; its rule file wants a look")
            elif sum(width(line) for line, yes in zip(page.lines, inside, strict=True) if yes) < _SHORT_BODY:
                warnings.append(f"the body that {site.place} selects is very short; if the page has more, its rule file wants a look")
        if picked.get("byline"):
            within = _descendants(markup, picked["byline"])
            bylines = [b for b, e in enumerate(elements) if within[e] and len(page.lines[b]) <= _BYLINE][:_AUTHORS]
        headline = next((b for b, e in enumerate(elements) if e in picked.get("headline", ())), headline)
    above = _around(markup, elements[headline]) if headline is not None else frozenset[int]()
    meets = _meets(markup, [base.places, *([site.rules.places] if site else [])], disabled)
    deciding: dict[int, list[Rule]] = {}
    decided: list[Rule | None] = [None] * len(elements)
    for block, element in enumerate(elements):
        rules = meets[element]
        if not rules or block == headline:
            continue
        takes = deciding.get(id(rules))
        if takes is None:
            takes = [r for r in rules if not r.texts and not r.shape]
            takes = deciding[id(rules)] = [] if any(r.action == "keep" for r in takes) else takes
        if takes:
            held = (r for r in takes if _dense(markup, page, block, r) and (r.selectors or not _holds(markup, element, above, r, base, site)))
            decided[block] = next(held, None)
    return Marked(page, headline, bylines, meets, decided, inside, tuple(warnings))


def _around(markup: Markup, element: int) -> frozenset[int]:
    """An element and all around it."""
    found = []
    while element >= 0:
        found.append(element)
        element = markup.tree.parent[element]
    return frozenset(found)


def _holds(markup: Markup, element: int, above: frozenset[int], rule: Rule, base: RuleSet, site: Site | None) -> bool:
    """Whether the element that meets a rule's conditions holds the headline too: then its name says nothing of the article."""
    while element > 0:
        if base.places.meets(markup, element, rule) or (site and site.rules.places.meets(markup, element, rule)):
            return element in above
        element = markup.tree.parent[element]
    return False


def judge_page(marked: Marked, scores: Sequence[float], base: RuleSet, site: Site | None = None, *, captions: bool = False) -> Judgement:
    """Judge all blocks of a web page.

    `scores` are the log-odds of `cleaner.content` that a block is the article's.
    What is outside the article (or not in what the site's file selects as body) goes
    by the rule that says what it is; what is inside is judged by page conditions,
    then by phrases and structure as a text is. With `captions` those inside the
    article stay.
    """
    page, headline, meets = marked.page, marked.headline, marked.meets
    markup = page.markup
    assert markup
    count = len(page.lines)
    result = Judgement([None] * count, site=site.place if site else None, headline=headline, bylines=marked.bylines, warnings=list(marked.warnings))
    inside = marked.inside or [score > 0 for score in scores]
    outside = [rule for rule in base.shapes if rule.shape == shapes.BY_PAGE and not has_place(rule) and not (site and rule.id in site.disabled)]
    fallback = site.outside if site and marked.inside else next(iter(outside), None)
    inner: list[int] = []
    for block, element in enumerate(markup.element):
        if block != headline:
            cause = marked.decided[block]
            if cause is None and not inside[block]:
                cause = next((rule for rule in meets[element] if rule.shape == shapes.BY_PAGE), fallback)
            result.causes[block] = cause
        if result.causes[block] is None:
            inner.append(block)
    if captions and True in inside:
        for block in range(inside.index(True), count - inside[::-1].index(True)):
            cause = result.causes[block]
            if cause and cause.label == "credit":
                result.causes[block] = None
                result.captions.add(block)
    result.first = next((b for b in inner if b != headline), count)
    if not inner:
        return result
    lines = [page.lines[b] for b in inner]
    folded = fold("\n".join(lines))
    context = Context(Page("", lines), folded.split("\n"), base.prose, base.languages, settled=True, headline=inner.index(headline) if headline is not None else None)

    def meets_all(place: int, rule: Rule) -> bool:
        block = inner[place]
        return (not has_place(rule) or rule in meets[markup.element[block]]) and _dense(markup, page, block, rule)

    found = _judge(context, folded, base, lambda told: site, meets_all)
    for place, block in enumerate(inner):
        result.causes[block] = found.causes[place]
    result.saved = {inner[place]: rule for place, rule in found.saved.items()}
    result.parts = {inner[place]: parts for place, parts in found.parts.items()}
    result.warnings += found.warnings
    result.first = inner[found.first] if found.first < len(inner) else count
    return result


def _first_selected(markup: Markup, selectors: Iterable[str]) -> frozenset[int]:
    """The elements that the first of these selectors selects which selects any."""
    return next((found for selector in selectors if (found := markup.selected.get(selector, frozenset()))), frozenset())


def _descendants(markup: Markup, elements: frozenset[int]) -> list[bool]:
    """For each element whether it is one of these or in one."""
    inside: list[bool] = []
    for element, parent in enumerate(markup.tree.parent):
        inside.append(element in elements or (element > 0 and inside[parent]))
    return inside


def _meets(markup: Markup, sets: Sequence[Places], disabled: frozenset[str]) -> list[tuple[Rule, ...]]:
    """For each element the rules whose page conditions it meets, itself or by one around it, the innermost and strongest first."""
    found: list[tuple[Rule, ...]] = []
    for places in sets:
        own = places.of(markup)
        below = found
        found = []
        for element, (parent, numbers) in enumerate(zip(markup.tree.parent, own, strict=True)):
            above = found[parent] if element else ()
            if numbers:
                mine = [rule for n in numbers if (rule := places.rules[n]).id not in disabled]
                above = (*mine, *(rule for rule in above if not any(rule is m for m in mine)))
            found.append(above)
        if below:
            found = [(*site, *base) if site and base else site or base for site, base in zip(found, below, strict=True)]
    return found


def _dense(markup: Markup, page: Page, block: int, rule: Rule) -> bool:
    """Whether enough of a block is links for a rule."""
    return not rule.link_density or markup.linked[block] >= rule.link_density * len(page.lines[block])


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
