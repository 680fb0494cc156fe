"""Structure: what a block's shape and its neighbours say.

Each detector is a function of the `Context` that names blocks; a rule of
``rules/common.txt`` gives it its label and its reason, and can switch it off or
narrow it (``zone``, ``min-items``, ``max-words``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from cleaner.matcher import count_words, words
from cleaner.model import Page, Rule
from cleaner.prose import COLON, CUT, EXTRACTED, MIXED, PAGE, QUOTE, SENTENCE, WIDTHS, Prose

_WIDE_SPACE = re.compile(r"[^\S\n]{3,}|\t+")
_GAPS = ("   ", "\t", "\xa0 ", "\xa0\xa0")
_SEPARATOR = re.compile(r"\s*[›»>→▸►/|•·]+\s*|\s+[-–—:]{1,2}\s+")
_URL = re.compile(r"<?(?:https?://|www\.|pic\.twitter\.com/|t\.co/)\S+>?|[\w.+-]+@[\w-]+\.[\w.-]+", re.I)
_HASHTAGS = re.compile(r"(?:[#＃][\w\u200c·-]+[\s,|]*){2,}")
_ASKS = "?!؟！？"

THRESHOLD = {PAGE: -0.5, MIXED: -1.0, EXTRACTED: -1.5}
"""Log-odds (`cleaner.lines`) above which a block is the article's, by kind of text: extracted text gets the benefit of the doubt, ..."""
INSIDE = {PAGE: 0.0, MIXED: -1.0, EXTRACTED: -1.5}
"""... and what stands between two paragraphs so much more."""
FEW = 4
"""With fewer paragraphs of running text there is little to judge by: each that lacks lowers the threshold by one."""
ABOVE = -1.0
"""What stands above the running text of extracted text has so much more of it, too, ..."""
BELOW = -2.0
"""... and one or two lines below the last paragraph that is kept."""
BESIDE = 1.0
"""Of a page's text (extracted text has the benefit of the doubt already) two paragraphs one right behind the other have the benefit of so much."""
SCATTERED = 20
"""Lines from which on a text can be one with a word or two on every line, ..."""
SENTENCE_WORDS = 60
"""... and how many of them hold one end of a sentence at least: a menu has none."""
BROKEN = 0.3
"""Where so little of an extracted text is running text, its paragraphs are broken into lines: two less."""
ALIKE = 1.5
"""Log-odds (`cleaner.wording`) above which a block is worded like what rules take, ..."""
SENTENCE_DOUBT = 1.5
"""... so much more if it ends as a sentence does, ..."""
BETWEEN = 0.5
"""... so much more between two paragraphs of the article, ..."""
BRIEF = 0.7
"""... and so much more if it has four words or fewer, as subheadings do."""
STRANGE = 0.25
"""The share of its letters that may be in words which nothing has that rules take."""
Blocks = Iterable[int]
NEAR = 30
"""How many blocks before and behind a whole page's running text are looked at closely."""


class Context:
    """A page, and what can be told of its blocks from their shape."""

    def __init__(
        self, page: Page, folded: Sequence[str], prose: Prose, languages: Sequence[str] = (), *, settled: bool = False, headline: int | None = None
    ) -> None:
        """`languages` are those whose wordings are known; `settled` says that all blocks are known to be the article's, and which is its headline."""
        self.languages = languages
        self.causes: Sequence[Rule | None] = [None] * len(page.lines)
        """What is known to take each block."""
        self.page = page
        self.lines = page.lines
        self.folded = folded
        self.shapes = prose.shapes(page.lines)
        self.settled = settled
        self.kind = EXTRACTED if settled else self.shapes.kind()
        self.article = [True] * len(page.lines) if settled else self.shapes.article(self.kind)
        """For each block whether shape and neighbours make it the article's."""
        self.inside = [True] * len(page.lines) if settled or self.kind != PAGE else self.article
        """The same for blocks between the article's first and last paragraph."""
        self.tickers: set[int] = set()
        if any(gap in self.shapes.joined for gap in _GAPS):
            self.tickers = {b for b, line in enumerate(page.lines) if len(line) > 20 and any(gap in line for gap in _GAPS) and _pieces(line) >= 4}
        self.running = [p and a for p, a in zip(self.shapes.prose, self.article, strict=True)]
        """For each block whether it is a paragraph of the article's running text beyond doubt."""
        self.first = len(page.lines)
        """The first block of the article's running text; the number of blocks if there is none."""
        self.last = -1
        """The last one, or -1."""
        self.headline: int | None = headline
        self.pass_over(self.tickers)

    @property
    def scattered(self) -> bool:
        """Whether the text is one sentence after another with a word or two on every line: its lines say nothing."""
        count = len(self.lines)
        if count < SCATTERED or True in self.article or max(self.shapes.widths) >= WIDTHS[3] or self.shapes.joined.count(" ") > count:
            return False
        return SENTENCE_WORDS * sum(self.end(block) == SENTENCE for block in range(count)) >= count

    def look_again(self, causes: Sequence[Rule | None]) -> None:
        """Judge all blocks again with what rules have found in their words: `cleaner.lines`."""
        if self.settled or True not in self.running or all(p or c for p, c in zip(self.running, causes, strict=True)):
            return
        from cleaner import lines

        labels = [cause.label if cause else None for cause in causes]
        scores = lines.judge(self.shapes, self.kind, self.folded, labels)
        least = THRESHOLD[self.kind] - (max(0, FEW - sum(self.running)) if self.kind != PAGE else 0)
        widths = self.shapes.widths
        if self.kind == EXTRACTED and sum(w for w, r in zip(widths, self.running, strict=True) if r) < BROKEN * sum(widths):
            least -= 2
        while True in self.shapes.prose and not any(p and s > least for p, s in zip(self.shapes.prose, scores, strict=True)):
            least -= 0.5  # where there is running text some of it is the article
        self.article = [score > least for score in scores]
        inside = least + INSIDE[self.kind]
        self.inside = [score > inside for score in scores]
        if self.kind != EXTRACTED:
            kept = [p and score > least - BESIDE for p, score in zip(self.shapes.prose, scores, strict=True)]
            for block in [b for b, (yes, more) in enumerate(itertools.pairwise(kept)) if yes and more]:
                for paragraph in (block, block + 1):
                    self.article[paragraph] = self.inside[paragraph] = True
        if self.kind != PAGE:  # a line above the text may be its standfirst, one or two below it the end of a list
            above, below = least + ABOVE, least + BELOW
            for block in range(self.shapes.first_prose):
                self.article[block] = scores[block] > above
            last = max((block for block, prose in enumerate(self.shapes.prose) if prose and self.article[block]), default=len(scores))
            tail = [block for block in range(last + 1, len(scores)) if causes[block] is None]
            for block in tail if len(tail) <= 2 else ():
                self.article[block] = scores[block] > below
        self.running = [p and a for p, a in zip(self.shapes.prose, self.article, strict=True)]
        self.pass_over(self.tickers)

    def pass_over(self, blocks: Blocks) -> None:
        """Count blocks that turned out to be no text of the article out of its running text."""
        for block in blocks:
            self.running[block] = False
        count = len(self.running)
        self.first = self.running.index(True) if True in self.running else count
        self.last = count - 1 - self.running[::-1].index(True) if self.first < count else -1

    def zone(self, block: int) -> str:
        """``head``, ``body`` or ``tail``; empty (fits all) where there is no running text."""
        if self.last < 0:
            return ""
        return "head" if block < self.first else "tail" if block > self.last else "body"

    @cached_property
    def counts(self) -> list[int]:
        """The words of each block."""
        return count_words(self.folded, self.shapes.leads)

    @property
    def in_question(self) -> list[int] | None:
        """The blocks that phrases have to be looked for in; None for all.

        Where every line of a page is there, shape has found most of them to be out
        of the article already: what is left is what it kept, and the lines just
        before and behind the running text, where headline, dateline and author,
        tags, pointers and comments stand.
        """
        if self.kind != PAGE:
            return None
        near = range(max(0, self.first - NEAR), min(self.last + NEAR, len(self.lines)))
        return sorted({*near, *(b for b, kept in enumerate(self.article) if kept)})

    def section_end(self, block: int) -> int:
        """Where the list under a heading ends: at running text, or at a line of some length that ends as a sentence."""
        end = block + 1
        while end < len(self.lines) and not self.running[end] and not self._sentence(end) and end - block <= 40:
            end += 1
        return end

    def no_prose_from(self, block: int) -> bool:
        """Whether no running text follows a block."""
        return block + 1 > self.last

    def end(self, block: int) -> int:
        """How a block ends, as `cleaner.prose` classes it."""
        return self.shapes.end(block)

    def _sentence(self, block: int) -> bool:
        return self.end(block) == SENTENCE and self.lines[block][-1] not in _ASKS and self.shapes.widths[block] >= WIDTHS[3]


def _spaced_run(c: Context, rule: Rule) -> Blocks:
    """Blocks of many pieces set apart by three spaces or more: a ticker."""
    return (block for block in c.tickers if _pieces(c.lines[block]) >= rule.min_items)


def _pieces(line: str) -> int:
    """Into how many pieces wide spaces part a line; 0 where the pieces are numbers or single words."""
    pieces = _WIDE_SPACE.split(line)
    return len(pieces) if len(pieces) > 1 and "|" not in line and sum(map(words, pieces)) >= 3.5 * len(pieces) else 0


def _trail(c: Context, rule: Rule) -> Blocks:
    """Short names with arrows, bars or slashes between: the path of sections to the page."""
    least = rule.min_items or 3
    for block in range(max(0, c.first - 15), min(c.first, len(c.lines))):
        line = c.lines[block]
        if 8 <= len(line) <= 200 and c.end(block) != SENTENCE and _SEPARATOR.search(line):
            pieces = [p for p in _SEPARATOR.split(line) if p]
            if len(pieces) >= least and all(words(p) <= 4 for p in pieces[:-1]):
                yield block


def _cut_headline(c: Context, rule: Rule) -> Blocks:
    """A block that ends in the beginning of the headline and three dots."""
    if c.headline is None:
        return
    head = c.folded[c.headline]
    for block in c.shapes.cut:
        bare = c.folded[block].rstrip(". ")
        size = min(len(bare), len(head))
        while size >= 12 and not bare.endswith(head[:size]):
            size -= 1
        if size >= 12 and len(bare) - size <= 120 and block != c.headline:
            yield block


def _headline_again(c: Context, rule: Rule) -> Blocks:
    """Blocks that say the headline again."""
    if c.headline is not None:
        head = c.folded[c.headline]
        for variant in {head, head.rstrip("."), head + "."}:
            yield from (b for b in _places(c.folded, variant) if b != c.headline)


def _places(lines: Sequence[str], line: str) -> Blocks:
    """Where a line stands among lines."""
    at = -1
    for _ in range(lines.count(line)):
        at = lines.index(line, at + 1)
        yield at


def _said_again(c: Context, rule: Rule) -> Blocks:
    """Blocks of some length that repeat the block before them, or the one before that."""
    if c.shapes.repeats:
        lines = c.lines
        for block, (line, last, last_but_one) in enumerate(zip(lines, ["", *lines], ["", "", *lines], strict=False)):
            if line in (last, last_but_one) and c.shapes.widths[block] >= WIDTHS[3]:
                yield block


def _number_only(c: Context, rule: Rule) -> Blocks:
    """Blocks without a letter that have a digit."""
    for block in c.shapes.odd:
        line = c.lines[block]
        if len(line) < 20 and not any(map(str.isalpha, line)) and any(map(str.isdigit, line)):
            yield block


def _zero_only(c: Context, rule: Rule) -> Blocks:
    """Blocks that are a zero and nothing else."""
    return (block for block in c.shapes.odd if len(c.lines[block]) < 4 and c.lines[block].strip(" ()[]") == "0")


def _symbols_only(c: Context, rule: Rule) -> Blocks:
    """Blocks without a letter or digit."""
    return (block for block in c.shapes.odd if not any(map(str.isalnum, c.lines[block])))


def _link_only(c: Context, rule: Rule) -> Blocks:
    """Blocks that are an address of the web or of mail, and nothing else."""
    if c.last < 0 or not any(sign in c.shapes.joined for sign in ("://", "www.", "@", "t.co/", "twitter.com/")):
        return
    for block, line in enumerate(c.lines):
        if " " not in line and "." in line and _URL.fullmatch(line):
            yield block


def _hashtags(c: Context, rule: Rule) -> Blocks:
    """Blocks of hash tags only, two or more."""
    if "#" in c.shapes.joined or "＃" in c.shapes.joined:
        yield from (block for block, line in enumerate(c.lines) if line[0] in "#＃" and _HASHTAGS.fullmatch(line))


def _titles(c: Context, rule: Rule) -> Blocks:
    """After the article, a run of lines that look like headlines: none ends as a sentence does."""
    least = rule.min_items or 5
    run = list(range(c.last + 1, len(c.lines))) if c.last >= 0 else []
    if sum(WIDTHS[2] <= c.shapes.widths[b] for b in run) < max(least, 0.7 * len(run)):
        return
    titles = [b for b in run if _is_title(c, b)]
    dated = sum(any(map(str.isdigit, c.lines[b])) for b in titles)  # a tour's dates, a table of results
    if len(titles) >= least and len(titles) >= 0.7 * len(run) and dated <= 0.4 * len(titles):
        yield from run


def _is_title(c: Context, block: int) -> bool:
    """Whether a line could be the headline of another article."""
    line = c.lines[block]
    if not WIDTHS[2] <= c.shapes.widths[block] < WIDTHS[6] or (c.end(block) == SENTENCE and line[-1] not in _ASKS) or c.end(block) == QUOTE:
        return False
    return (line[0].isalpha() or line[0] in "\"'“‘«„「『¿¡") and not line[0].islower() and words(line) >= 4


def _may_be_alike(c: Context, block: int) -> bool:
    """Whether a block is neither a word nor long nor a quotation, would stay where it stands, and is no dateline above the article."""
    if c.counts[block] < 2 or not 12 <= c.shapes.widths[block] < WIDTHS[-1] or c.end(block) == QUOTE:
        return False
    zone = c.zone(block)
    if not (c.inside[block] if zone == "body" else c.article[block]):
        return False
    return zone != "head" or sum(map(str.isdigit, c.lines[block])) < 6


def _worded_alike(c: Context, rule: Rule) -> Blocks:
    """Blocks that no rule has found, but that are worded like what the language's rules find."""
    if not c.languages or c.last < 0:
        return
    near = c.in_question
    blocks = [b for b in (range(len(c.lines)) if near is None else near) if c.causes[b] is None and b != c.headline and _may_be_alike(c, b)]
    if not blocks:
        return
    from cleaner import wording

    models = [model for code in c.languages if (model := wording.of(code))]
    folded = [c.folded[b] for b in blocks]
    for model in models:
        for block, line, score in zip(blocks, folded, model.scores(folded).tolist(), strict=True):
            within = c.zone(block) == "body"
            doubt = SENTENCE_DOUBT * (c.end(block) == SENTENCE) + BETWEEN * within + BRIEF * (c.counts[block] <= 4)
            if score > ALIKE + doubt and model.strange(line) <= (STRANGE if within else 1.4 * STRANGE):
                yield block


def _before_article(c: Context, rule: Rule) -> Blocks:
    """Blocks before the article's running text that shape and neighbours make no article."""
    return (b for b in range(min(c.first, len(c.lines))) if not c.article[b])


def _after_article(c: Context, rule: Rule) -> Blocks:
    """Blocks after it."""
    return (b for b in range(c.last + 1, len(c.lines)) if not c.article[b])


def _inside_article(c: Context, rule: Rule) -> Blocks:
    """Blocks between its first and last paragraph."""
    return (b for b in range(c.first + 1, c.last) if not c.inside[b])


def _above_headline(c: Context, rule: Rule) -> Blocks:
    """Short lines above the headline."""
    return (b for b in range(c.headline or 0) if c.shapes.widths[b] < WIDTHS[2])


DETECTORS: dict[str, Callable[[Context, Rule], Blocks]] = {
    "spaced-run": _spaced_run,
    "trail": _trail,
    "number-only": _number_only,
    "zero-only": _zero_only,
    "symbols-only": _symbols_only,
    "link-only": _link_only,
    "hashtags": _hashtags,
    "titles": _titles,
    "worded-alike": _worded_alike,
    "before-article": _before_article,
    "after-article": _after_article,
    "inside-article": _inside_article,
    "cut-headline": _cut_headline,
    "headline-again": _headline_again,
    "said-again": _said_again,
    "above-headline": _above_headline,
}
"""Structural conditions by the name that a rule's ``shape`` gives."""

NEED_HEADLINE = frozenset({"cut-headline", "headline-again", "said-again", "worded-alike"})
"""Those that compare with the headline, which is looked for after the others have judged."""
BY_PAGE = "outside-article"
"""What `cleaner.content` found to be outside a web page's article; no text has it."""
LEFT_TO_PAGE = frozenset({"titles", "number-only", "link-only", "worded-alike"})
"""What a web page's own structure tells better than the shape of its lines."""
BY_PLACE = frozenset({"before-article", "after-article", "inside-article", "above-headline"})
"""Those that go by a block's place alone."""


def find_headline(c: Context, taken: Sequence[object]) -> int | None:
    """The block that is the headline: the likeliest line above the first running text.

    Lines that a rule has taken are no candidates, unless only their place was
    held against them.
    """
    stop = c.first if c.last >= 0 else min(1, len(c.lines) - 1)
    nearest = max(0, stop - NEAR) if c.kind == PAGE else 0
    farthest = stop if c.kind == PAGE else min(stop, 8)
    candidates = [b for b in range(nearest, farthest) if not taken[b]]
    if not candidates:
        return None
    count: dict[str, int] = {}
    for b in candidates:
        count[c.folded[b]] = count.get(c.folded[b], 0) + 1
    cut = [c.folded[b].rstrip(". ") for b in c.shapes.cut if b < stop]
    first = next(iter(candidates))
    best, best_score = None, 0.0
    for b in candidates:
        line, size = c.lines[b], c.shapes.widths[b]
        if not 12 <= size <= 260 or (c.end(b) == SENTENCE and line[-1] not in _ASKS) or c.end(b) in (CUT, COLON):
            continue
        if (line[0].isalpha() and line[0].islower()) or words(line) < 2:
            continue
        if sum(map(str.isdigit, line)) > 0.2 * len(line) or not (line[0].isalnum() or line[0] in "\"'“‘«„「『([¿¡"):
            continue
        score = 1.0 if 30 <= size <= 140 else 0.3
        score += 2.0 * (count[c.folded[b]] > 1) + 2.0 * any(_ends_in_start(text, c.folded[b]) for text in cut)
        if c.kind != PAGE:
            score += 2.0 if b == first else 0.0
            score -= 0.1 * (stop - b)
        else:
            score -= 0.06 * (stop - b)
        if score > best_score:
            best, best_score = b, score
    return best


def _ends_in_start(text: str, head: str) -> bool:
    """Whether a text ends in the first twelve letters or more of a headline."""
    at = text.find(head[:12])
    return at >= 0 and head.startswith(text[at:])


def apply(context: Context, rules: Iterable[Rule], causes: list[Rule | None], stronger: Callable[[Rule | None, Rule], Rule]) -> None:
    """Write into `causes` what the structural rules take, and into the context the headline.

    What a thing is says more than where it stands: rules that go by the place alone
    (`BY_PLACE`) name only what no other does.
    """
    context.causes = causes
    context.look_again(causes)
    context.pass_over(block for block, cause in enumerate(causes) if cause)
    rules = [rule for rule in rules if rule.shape != BY_PAGE and not (context.settled and rule.shape in LEFT_TO_PAGE)]
    for rule in rules:
        if rule.shape not in NEED_HEADLINE and rule.shape not in BY_PLACE:
            _take(context, rule, causes, stronger)
    if not context.settled:
        context.headline = find_headline(context, causes)
    for rule in rules:
        if rule.shape in NEED_HEADLINE:
            _take(context, rule, causes, stronger)
    named = [cause is not None for cause in causes]
    for rule in rules:
        if rule.shape in BY_PLACE and True in context.article:
            _take(context, rule, causes, stronger, named)
    if context.headline is not None:
        causes[context.headline] = None


def _take(
    context: Context, rule: Rule, causes: list[Rule | None], stronger: Callable[[Rule | None, Rule], Rule], named: Sequence[bool] | None = None
) -> None:
    """Write what one structural rule takes, blocks that are `named` already aside."""
    assert rule.shape
    for block in DETECTORS[rule.shape](context, rule):
        old = causes[block]
        if (old is not None and old.shape is None) or (named and named[block]):
            continue  # a phrase says more than a shape
        if rule.zones and context.zone(block) not in (*rule.zones, ""):
            continue
        if (rule.max_words or rule.min_words) and not rule.min_words <= words(context.lines[block]) <= (rule.max_words or 10**9):
            continue
        causes[block] = stronger(old, rule)
