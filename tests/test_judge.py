"""Rules among their neighbours: zones, chains, sections, exceptions, sites; and the order of rules plays no part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from helpers import HEADLINE, PROSE, gone, judged, page, rule, rules, taken, write_rules
from hypothesis import given
from hypothesis import strategies as st

import cleaner
from cleaner.fold import fold
from cleaner.judge import RuleSet, Site, judge
from cleaner.model import Rule
from cleaner.read_text import read_text

ONE, TWO, THREE, FOUR = PROSE
MakeFolder = Callable[[dict[str, str]], Path]


def causes(found: Sequence[Rule], text: str, site: Site | None = None) -> list[str | None]:
    """For each line the id of the rule that took it, without its place."""
    return [cause and cause.rsplit("/", 1)[1] for _, cause in judged(found, text, site)]


# -- zones --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zones", "goes"),
    [
        ([], [1, 3, 5]),
        (["head"], [1]),
        (["body"], [3]),
        (["tail"], [5]),
        (["head", "tail"], [1, 5]),
        (["head", "body", "tail"], [1, 3, 5]),
    ],
)
def test_a_rule_works_in_its_zones_only(zones: list[str], goes: list[int]) -> None:
    text = page(HEADLINE, "Zorp blick", ONE, "Zorp  blick", TWO, "zorp blick")
    found = causes(rules(rule(is_="Zorp blick", zone=zones)), text)
    assert [i for i, cause in enumerate(found) if cause] == goes


def test_where_there_is_no_running_text_every_zone_fits() -> None:
    assert causes(rules(rule(is_="Zorp blick", zone="tail")), page("Zorp blick", "Krull")) == ["x", None]


@pytest.mark.parametrize(("sentence", "goes"), [(None, [1, 3, 5]), ("no", [1, 5]), ("yes", [3])])
def test_a_rule_may_ask_how_a_block_ends(sentence: str | None, goes: list[int]) -> None:
    text = page(HEADLINE, "Zorp blick", ONE, "Zorp blick, she said.", TWO, "Zorp blick:")
    found = causes(rules(rule(starts="Zorp blick", **({"sentence": sentence} if sentence else {}))), text)
    assert [i for i, cause in enumerate(found) if cause] == goes


# -- neighbours -------------------------------------------------------------------------------


def test_a_rule_that_comes_after_another_needs_it_right_before() -> None:
    found = rules(rule("first", is_="Zorp") + rule("second", is_="Blick", after="first"))
    assert causes(found, page(ONE, "Zorp", "Blick", TWO)) == [None, "first", "second", None]
    assert causes(found, page(ONE, "Blick", TWO)) == [None, None, None]
    assert causes(found, page(ONE, "Blick", "Zorp", TWO)) == [None, None, "first", None]
    assert causes(found, page(ONE, "Zorp", TWO, "Blick")) == [None, "first", None, None]


def test_a_rule_that_comes_before_another_needs_it_right_behind() -> None:
    found = rules(rule("first", is_="Zorp", before="second") + rule("second", is_="Blick"))
    assert causes(found, page(ONE, "Zorp", "Blick", TWO)) == [None, "first", "second", None]
    assert causes(found, page(ONE, "Zorp", TWO)) == [None, None, None]


def test_a_chain_may_be_long_and_written_in_any_order() -> None:
    text = rule("c", is_="Three", after="b") + rule("b", is_="Two", after="a") + rule("a", is_="One")
    assert causes(rules(text), page("One", "Two", "Three", "Three")) == ["a", "b", "c", None]


def test_a_rule_may_follow_itself() -> None:
    found = rules(rule("head", is_="Tags") + rule("tag", matches="tag\\d", max_words=1, after=["head", "tag"]))
    assert causes(found, page("tag0", "Tags", "tag1", "tag2", "tag3", ONE, "tag4")) == [None, "head", "tag", "tag", "tag", None, None]


def test_two_rules_that_wait_for_each_other_do_nothing() -> None:
    found = rules(rule("a", is_="One", before="b") + rule("b", is_="Two", after="a"))
    assert causes(found, page("One", "Two")) == [None, None]


def test_after_and_before_must_both_hold() -> None:
    found = rules(rule("a", is_="One") + rule("b", is_="Two", after="a", before="c") + rule("c", is_="Three"))
    assert causes(found, page("One", "Two", "Three")) == ["a", "b", "c"]
    assert causes(found, page("One", "Two", "Four", "Three")) == ["a", None, None, "c"]


def test_what_an_exception_kept_is_nothing_to_come_after() -> None:
    found = rules(rule("a", starts="One") + rule("b", is_="Two", after="a") + rule("k", action="keep", is_="One day"))
    assert causes(found, page("One night", "Two")) == ["a", "b"]
    assert causes(found, page("One day", "Two")) == [None, None]


# -- how far a removal reaches ---------------------------------------------------------------------


def test_a_section_is_a_heading_and_its_list_and_stops_at_running_text() -> None:
    found = rules(rule(is_="Read also", take="section"))
    text = page(ONE, "Read also", "Trains stand still on Monday", "Cold weather returns", TWO, "Krull", THREE)
    assert causes(found, text) == [None, "x", "x", "x", None, None, None]


def test_a_section_stops_at_two_sentences_in_a_row() -> None:
    found = rules(rule(is_="Read also", take="section"))
    sentence = "This is a sentence of medium length, it says."
    text = page(ONE, TWO, "Read also", "Trains stand still on Monday", sentence, sentence.replace("This", "That"))
    assert causes(found, text) == [None, None, "x", "x", None, None]


def test_a_section_right_before_running_text_is_its_heading_alone() -> None:
    assert causes(rules(rule(is_="Read also", take="section")), page(ONE, "Read also", TWO)) == [None, "x", None]


def test_rest_takes_everything_to_the_end() -> None:
    found = rules(rule(is_="Comments", take="rest"))
    assert causes(found, page(ONE, TWO, "Comments", "Nice", "I think so too", "Zorp")) == [None, None, "x", "x", "x", "x"]


def test_rest_does_nothing_before_running_text() -> None:
    found = rules(rule(is_="Comments", take="rest"))
    assert causes(found, page(ONE, "Comments", "Nice", TWO, "Zorp")) == [None] * 5


def test_a_part_goes_and_the_block_stays() -> None:
    found = rules(rule(contains="read more", take="match"))
    assert judged(found, page(ONE, "The vote is over. Read more and think.", TWO))[1] == ("The vote is over. [-common/x: Read more-] and think.", None)


def test_a_part_that_leaves_nothing_but_symbols_takes_the_block() -> None:
    assert causes(rules(rule(contains="read more", take="match")), page(ONE, "» Read more…", TWO)) == [None, "x", None]


# -- exceptions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("exception", ["common", "lang/en", "site/example.org"])
@pytest.mark.parametrize("removal", ["common", "lang/en", "site/example.org"])
def test_an_exception_wins_over_a_removal_from_any_place(removal: str, exception: str) -> None:
    tops = {"common": "", "lang/en": "language: en\n", "site/example.org": "hosts: example.org\n"}
    base: list[Rule] = []
    own: list[Rule] = []
    for place, text in ((removal, rule("gone", starts="Zorp")), (exception, rule("stays", action="keep", is_="Zorp blick"))):
        (own if place.startswith("site") else base).extend(rules(tops[place] + text, place))
    site = Site("site/example.org", RuleSet.of(own)) if own else None
    assert taken(base, page("Zorp krull", "Zorp blick"), site) == {"Zorp krull": f"{removal}/gone"}


def test_an_exception_saves_a_block_from_a_section_a_rest_and_a_part() -> None:
    keep = rule("k", action="keep", is_=["Zorp blick", "Zorp blick read more"])
    text = page(ONE, "Read also", "Krull", "Zorp blick", "Mulp")
    for take in ("section", "rest"):
        assert causes(rules(rule(is_="Read also", take=take) + keep), text) == [None, "x", "x", None, "x"]
    assert judged(rules(rule(contains="read more", take="match") + keep), "Zorp blick read more") == [("Zorp blick read more", None)]


def test_an_exception_saves_a_block_from_its_shape() -> None:
    found = rules(rule("symbols", shape="symbols-only") + rule("k", action="keep", contains="©"))
    assert causes(found, page(ONE, "***", "© ©", TWO)) == [None, "symbols", None, None]


def test_an_exception_may_depend_on_its_neighbour() -> None:
    found = rules(rule("a", is_="Quiz") + rule("b", starts="Zorp") + rule("k", action="keep", starts="Zorp", after="a"))
    assert causes(found, page("Quiz", "Zorp one", ONE, "Zorp two")) == ["a", None, None, "b"]


def test_an_exception_outside_its_zone_saves_nothing() -> None:
    found = rules(rule("a", starts="Zorp") + rule("k", action="keep", starts="Zorp", zone="body"))
    assert causes(found, page("Zorp one", ONE, "Zorp two", TWO, "Zorp three")) == ["a", None, None, None, "a"]


def test_the_exception_that_saved_a_block_is_told(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("a", starts="Zorp") + rule("k", action="keep", starts="Zorp blick")})
    article = cleaner.Cleaner(rules=[folder]).clean_text(page(ONE, "Zorp blick stays here", TWO))
    (saved,) = [v for v in article.verdicts if v.rule]
    assert saved.rule
    assert (saved.kind, saved.rule.id) == ("paragraph", "common/k")


# -- who names the cause ---------------------------------------------------------------------------------


def test_the_nearer_rule_names_the_cause_site_over_language_over_common() -> None:
    common = rules(rule("z", is_="Zorp"))
    lang = rules("language: en\n" + rule("m", is_="Zorp"), "lang/en")
    own = rules("hosts: example.org\n" + rule("a", is_="Zorp"), "site/example.org")
    assert taken(common, "Zorp") == {"Zorp": "common/z"}
    assert taken([*common, *lang], "Zorp") == {"Zorp": "lang/en/m"}
    assert taken([*common, *lang], "Zorp", Site("site/example.org", RuleSet.of(own))) == {"Zorp": "site/example.org/a"}


def test_of_two_rules_of_one_place_the_first_by_id_names_the_cause() -> None:
    assert taken(rules(rule("b", is_="Zorp") + rule("a", starts="Zorp")), "Zorp") == {"Zorp": "common/a"}


def test_a_phrase_names_the_cause_before_a_shape() -> None:
    assert causes(rules(rule("a", shape="hashtags") + rule("b", contains="#zorp")), page(ONE, "#zorp #blick")) == [None, "b"]


# -- sites --------------------------------------------------------------------------------------------------


def test_a_site_can_switch_off_a_rule_of_another_file() -> None:
    base = rules(rule("a", is_="Zorp") + rule("b", is_="Blick") + rule("symbols", shape="symbols-only"))
    site = Site("site/example.org", RuleSet.of([]), frozenset({"common/a", "common/symbols"}))
    assert taken(base, page("Zorp", "Blick", "***"), site) == {"Blick": "common/b"}


def test_allow_in_a_site_file_holds_on_that_site_and_nowhere_else(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("a", is_="Zorp blick"), "site/example.org.txt": "hosts: example.org\nallow: common/a\n"})
    made = cleaner.Cleaner(rules=[folder])
    text = page(*PROSE, "Zorp blick", ONE.replace("council", "mayor"))
    assert "Zorp blick" in made.clean_text(text, url="https://www.example.org/1").paragraphs
    assert "Zorp blick" not in made.clean_text(text, url="https://example.com/1").paragraphs


def test_a_phrase_is_found_in_a_menu_also_where_the_site_wants_no_menu_rule(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("a", label="share", is_="Zorp blick"), "site/example.org.txt": "hosts: example.org\nallow: common/after-article\n"})
    menu = ["Home", "News", "Sport", "Culture", "Video", "Weather", "Jobs", "Homes", "Search", "Travel"]
    text = page(*menu, HEADLINE, *PROSE, *menu[::-1], "Zorp blick", "Contact", "About us")
    article = cleaner.Cleaner(rules=[folder]).clean_text(text, url="https://example.org/1")
    assert "common/a" in {r.rule for r in article.removed}, gone(article)


def test_a_sites_rules_run_on_its_url_only(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"site/example.org.txt": "hosts: example.org\n" + rule("a", is_="Zorp blick")})
    made = cleaner.Cleaner(rules=[folder])
    text = page(ONE, "Zorp blick", TWO)
    assert [r.rule for r in made.clean_text(text, url="http://m.example.org/x").removed] == ["site/example.org/a"]
    assert made.clean_text(text, url="http://example.net/x").removed == ()
    assert made.clean_text(text).removed == ()


def test_a_site_is_told_by_its_own_words_where_no_url_says_it(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"site/example.org.txt": "hosts: example.org\ntold-by: (Zorp Daily) –\n" + rule("a", is_="Zorp blick")})
    made = cleaner.Cleaner(rules=[folder])
    article = made.clean_text(page("London (ZORP Daily) – " + ONE, "Zorp blick", TWO))
    assert article.site == "site/example.org"
    assert [r.rule for r in article.removed] == ["site/example.org/a"]
    other = made.clean_text(page("London (Zorp Daily) – " + ONE, "Zorp blick", TWO), url="https://www.maghress.com/1")
    assert other.site == "site/maghress.com", "the URL knows better"


# -- the order of rules ---------------------------------------------------------------------------------------


_PARTS = [
    rule("a", starts="Zorp"),
    rule("b", is_=["Zorp blick", "Krull"], label="share"),
    rule("c", contains="blick", take="match"),
    rule("d", ends="krull", take="match"),
    rule("e", action="keep", is_="Zorp krull"),
    rule("f", is_="Mulp", after=["a", "b"]),
    rule("g", matches="mulp|krull", take="match", label="tools"),
    rule("h", starts="Blick", take="section"),
    rule("i", starts="Blick", inline="yes"),
    rule("j", is_="Mulp", take="rest", zone="tail"),
    rule("k", action="keep", contains="mulp", after="f"),
    rule("l", shape="symbols-only"),
    rule("m", shape="symbols-only", label="decoration"),
    rule("n", shape="number-only", zone="tail"),
]
_LINES = st.lists(
    st.sampled_from(["Zorp", "Zorp blick", "Krull", "Mulp", "Zorp krull", "Blick and krull", "They blick. Blick the mulp. And krull", "***", "12", *PROSE]), max_size=12
)


@given(st.permutations(_PARTS), st.integers(0, len(_PARTS)), _LINES)
def test_the_order_of_rules_plays_no_part(order: list[str], some: int, lines: list[str]) -> None:
    chosen = order[:some]
    text = page(*lines)
    read = read_text(text)

    def outcome(found: Sequence[Rule]) -> object:
        result = judge(read, fold("\n".join(read.lines)), RuleSet.of(found))
        return (
            [r and r.id for r in result.causes],
            {b: r.id for b, r in result.saved.items()},
            {b: sorted((s, e, r.id) for s, e, r in p) for b, p in result.parts.items()},
            result.headline,
        )

    in_order = rules("".join(p for p in _PARTS if p in chosen))
    assert outcome(rules("".join(chosen))) == outcome(in_order)
    assert outcome(in_order[::-1]) == outcome(in_order)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"contains": ["read more", "read", "more and"]}, "They read more and more"),
        ({"contains": ["{any} more", "read {any}", "read"]}, "They read more and more"),
        ({"matches": ["read (?:a|b)", "read (?:a|b) more"]}, "They read a more and more"),
        ({"starts": "They read", "matches": ["more", "more and"]}, "They read more and more"),
        ({"starts": ["They", "They read"], "contains": "and more"}, "They read more and more"),
        ({"starts": ["Read {number}", "Read {number} more"]}, "Read 12 more"),
    ],
)
def test_the_order_of_phrases_plays_no_part(keys: dict[str, object], line: str) -> None:
    backwards = {key: value[::-1] if isinstance(value, list) else value for key, value in keys.items()}
    assert judged(rules(rule(**keys, take="match")), line) == judged(rules(rule(**backwards, take="match")), line)


def test_the_order_of_files_and_folders_plays_no_part(tmp_path: Path) -> None:
    one = write_rules(tmp_path / "one", {"common.txt": rule("a", starts="Zorp"), "lang/en.txt": "language: en\n" + rule("b", is_="Zorp blick")})
    two = write_rules(
        tmp_path / "two", {"common.txt": rule("c", is_="Zorp blick") + rule("k", action="keep", is_="Zorp krull"), "lang/en.txt": "language: en\n" + rule("a", is_="Krull")}
    )
    text = page(*PROSE, "Zorp blick", "Zorp krull", "Krull", "Zorp")
    got = [cleaner.Cleaner(rules=folders).clean_text(text, language="en") for folders in ([one, two], [two, one])]
    assert got[0].removed == got[1].removed
    assert [r.rule for r in got[0].removed] == ["lang/en/b", "lang/en/a", "common/a"], gone(got[0])
