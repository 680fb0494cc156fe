"""The laws of `docs/architecture.md`, over generated texts and over the corpora.

1. Nothing is lost. 2. Every removal has a cause. 3. Order never matters.
4. Clean text stays as it is. 5. No input raises.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, SHARED, assert_tiles, gone, shipped_cleaner
from hypothesis import given, settings
from hypothesis import strategies as st

import cleaner
from cleaner import catalog
from cleaner.fold import fold
from cleaner.judge import RuleSet, judge
from cleaner.read_text import read_text


@cache
def examples() -> list[str]:
    """All examples of all shipped rules: what they remove, and near misses."""
    found = catalog.load().rules()
    return sorted({line for r in found for p in (*r.drops, *r.keeps) for line in p.text.replace("[[", "").replace("]]", "").split("\\n") if line.strip()})


FRENCH = (
    "Le conseil municipal a voté lundi la fermeture du vieux pont pour travaux, et les automobilistes devront faire le grand tour jusqu'au printemps prochain.",
    "« Nous demandions ces travaux depuis des années », a déclaré le maire, qui promet un bac gratuit pour les piétons d'ici à la fin du mois de novembre.",
)
ARABIC = (
    "صوّت المجلس البلدي يوم الاثنين على إغلاق الجسر القديم لأعمال الترميم، وسيضطر السائقون إلى سلوك الطريق الطويل حتى ربيع العام المقبل.",
    "وقال رئيس البلدية في مؤتمر صحفي إن هذه الأعمال كانت مطلوبة منذ سنوات، ووعد بعبّارة مجانية للمشاة قبل نهاية شهر نوفمبر المقبل.",
)
MENU = (
    "Home",
    "News",
    "Politics",
    "Sport",
    "Culture",
    "Accueil",
    "Politique",
    "Monde",
    "Contact",
    "الرئيسية",
    "أخبار",
    "رياضة",
    "0",
    "128",
    "***",
    "• • •",
    "|",
    "#Retraites #Sénat",
    "https://example.org/a.html",
    "Home > News > Town",
    "...",
    "",
    "   ",
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
"""Any code points at all, lone surrogates among them."""

_LINES = st.one_of(
    st.sampled_from((*PROSE, *FRENCH, *ARABIC)),
    st.sampled_from(MENU),
    st.deferred(lambda: st.sampled_from(examples())),
    st.deferred(lambda: st.tuples(st.sampled_from((*PROSE, *FRENCH, *ARABIC)), st.sampled_from(examples())).map(" ".join)),
    ANY_TEXT,
    st.just(HEADLINE),
    st.lists(st.sampled_from((HEADLINE, "Le PSG bat Lyon", "Grève des trains lundi prochain")), min_size=2, max_size=8).map("    ".join),
)
_BREAKS = st.sampled_from(["\n", "\n", "\n\n", "\r\n", "\u2028", "\r"])
TEXTS = st.lists(st.tuples(_LINES, _BREAKS), max_size=25).map(lambda pairs: "".join(line + end for line, end in pairs))
LANGUAGES = st.sampled_from(["fr", "ar", "en", "de", None])


@cache
def _lines_of(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8-sig").split("\n")


def assert_causes(article: cleaner.Article) -> None:
    """Every removal names a rule that is written at that file and line, and a label of the list."""
    for removed in article.removed:
        file, line = removed.source.rsplit(":", 1)
        written = _lines_of(file)[int(line) - 1]
        assert written.split(":")[0].strip() == "rule", f"{removed.source} is {written!r}"
        assert written.split(":", 1)[1].strip() == removed.rule.rsplit("/", 1)[1], f"{removed.source} is {written!r}, not {removed.rule}"
        assert removed.label in cleaner.LABELS


def assert_whole(article: cleaner.Article) -> None:
    """Every word of the text is in what was kept or in what was removed, once."""
    pieces = [b.text for b in article.blocks] + [r.text for r in article.removed]
    assert sorted("".join("".join(pieces).split())) == sorted("".join(article.source_text.split()))


@given(TEXTS, LANGUAGES)
def test_nothing_is_lost_and_every_removal_has_a_cause(text: str, language: str | None) -> None:
    article = shipped_cleaner().clean_text(text, language=language)
    assert_tiles(article)
    assert_causes(article)
    assert_whole(article)


@given(TEXTS, LANGUAGES)
def test_paragraphs_are_what_was_kept(text: str, language: str | None) -> None:
    article = shipped_cleaner().clean_text(text, language=language)
    body = [b.text for b in article.blocks if b.kind not in ("headline", "dateline", "byline")]
    assert "".join("".join(article.paragraphs).split()) == "".join("".join(body).split()), gone(article)


@given(ANY_TEXT, st.none() | ANY_TEXT, st.none() | ANY_TEXT)
def test_no_text_url_or_language_raises(text: str, url: str | None, language: str | None) -> None:
    article = shipped_cleaner().clean_text(text, url, language)
    assert isinstance(article, cleaner.Article)
    assert_tiles(article)
    assert json.dumps(article.to_dict())


@pytest.mark.parametrize("data", [b"", b"text", bytearray(b"x"), None, 1])
def test_what_is_no_text_is_a_type_error(data: Any) -> None:
    with pytest.raises(TypeError):
        cleaner.clean_text(data)


@settings(max_examples=40)
@given(TEXTS, st.randoms(use_true_random=False))
def test_the_order_of_the_shipped_rules_changes_nothing(text: str, random: Any) -> None:
    rules = list(_shipped_rules())
    random.shuffle(rules)
    page = read_text(text)
    folded = fold("\n".join(page.lines))
    one, other = (judge(page, folded, ruleset) for ruleset in (_in_order(), RuleSet.of(rules)))
    assert [c and c.id for c in one.causes] == [c and c.id for c in other.causes]
    assert (one.saved, one.parts, one.headline) == (other.saved, other.parts, other.headline)


@cache
def _shipped_rules() -> tuple[cleaner.Rule, ...]:
    # Few enough that compiling them anew for each example takes no time.
    return tuple(catalog.load().rules("common", "lang/fr"))[:120]


@cache
def _in_order() -> RuleSet:
    return RuleSet.of(_shipped_rules())


# -- fixtures: known articles, which must stay as they are -----------------------------------


EXPECTED = sorted(ROOT.glob("fixtures/*/*/expected.txt"))


@pytest.mark.skipif(not EXPECTED, reason="there are no fixtures")
def test_the_fixtures_clean_texts_stay_as_they_are() -> None:
    wrong = {}
    for path in EXPECTED:
        source = path.with_name("source.txt")
        if source.is_file():
            once = shipped_cleaner().clean_text(source.read_text(encoding="utf-8"))
            again = shipped_cleaner().clean_text(once.text)
            if again.removed:
                wrong[path.parent.relative_to(ROOT)] = gone(again)
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong.items())


# -- the corpora -------------------------------------------------------------------------------


SAMPLE = 150
"""How many texts of the corpora are looked at, in each view."""
AGAIN = 0.80
"""The least share of them from which a second cleaning must remove nothing."""


def _texts() -> Iterator[dict[str, str]]:
    for path in sorted((SHARED / "corpora").glob("*/text.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            yield from map(json.loads, lines)


@pytest.fixture(scope="module")
def articles() -> dict[str, list[cleaner.Article]]:
    """A sample of the corpora's texts, cleaned, by view: spread evenly over all of them."""
    every = [row for row in _texts() if row.get("full") or row.get("leftover")]
    sample = every[:: max(1, len(every) // SAMPLE)][:SAMPLE]
    return {view: [shipped_cleaner().clean_text(row.get(view) or "") for row in sample] for view in ("full", "leftover")}


Articles = dict[str, list[cleaner.Article]]


@pytest.mark.shared
def test_in_the_corpora_nothing_is_lost_and_every_removal_has_a_cause(articles: Articles) -> None:
    count = 0
    for article in (a for view in articles.values() for a in view):
        assert_tiles(article)
        assert_causes(article)
        count += 1
    assert count >= 2 * SAMPLE


@pytest.mark.shared
def test_in_the_corpora_some_article_is_found_in_every_text_with_running_text(articles: Articles) -> None:
    empty = [a for a in articles["leftover"] if not a.paragraphs and sum(len(line) > 200 for line in a.source_text.split("\n")) > 3]
    assert not empty, f"{len(empty)} texts with running text came out empty, first:\n{gone(empty[0])}"


@pytest.mark.shared
@pytest.mark.parametrize("view", ["full", "leftover"])
def test_in_the_corpora_clean_text_mostly_stays_as_it_is(articles: Articles, view: str, capsys: pytest.CaptureFixture[str]) -> None:
    again = [(a, shipped_cleaner().clean_text(a.text, language=a.language)) for a in articles[view] if a.text]
    changed = [b for _, b in again if b.removed]
    share = 1 - len(changed) / len(again)
    causes: dict[str, int] = {}
    for article in changed:
        for rule in {r.rule for r in article.removed}:
            causes[rule] = causes.get(rule, 0) + 1
    worst = ", ".join(f"{rule} {n}" for rule, n in sorted(causes.items(), key=lambda c: -c[1])[:8])
    with capsys.disabled():
        print(f"\n{view}: cleaning again removes nothing from {share:.1%} of {len(again)} texts; where it does: {worst}")
    assert share >= AGAIN, f"{share:.1%} stay as they are; what goes the second time: {worst}"
