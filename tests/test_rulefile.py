"""Reading a rule file: what is well written is understood, and every fault is told with its place and its remedy."""

from __future__ import annotations

import pytest
from helpers import read, rule
from hypothesis import given
from hypothesis import strategies as st

from cleaner.model import LABELS, Problem
from cleaner.rulefile import RuleFile, parse

RULE = "rule: share\nlabel: share\nwhy: A button.\nis: Share this\ndrop: Share this\nkeep: They share this view.\n"
FRENCH = "language: fr\n"
SITE = "hosts: example.org\n"


def faults(text: str, place: str = "common") -> list[str]:
    """A file's faults, each as ``line:column: what is wrong; what would be right``."""
    file = parse(text, "F", place)
    assert all(str(p).startswith(f"F:{p.line}:{p.column}: ") for p in file.problems)
    return [str(p).removeprefix("F:") for p in file.problems]


def only_fault(text: str, place: str = "common") -> str:
    """The one fault of a file."""
    found = faults(text, place)
    assert len(found) == 1, "\n".join(found) or "no fault was found"
    return found[0]


def with_line(line: str) -> str:
    """The good rule with one line more, its seventh."""
    return RULE + line + "\n"


# -- what is well written ------------------------------------------------------------


def test_a_rule_is_read_with_its_place_its_label_and_its_examples() -> None:
    (found,) = read("language: en\n" + RULE, "lang/en").rules
    assert (found.id, found.label, found.why, found.action, found.take, found.tier) == ("lang/en/share", "share", "A button.", "drop", "block", 1)
    assert str(found.source) == "lang/en.txt:2"
    assert [p.text for p in found.texts["is"]] == ["Share this"]
    assert [p.text for p in found.drops] == ["Share this"]
    assert [p.text for p in found.keeps] == ["They share this view."]


def test_a_key_again_adds_a_phrase() -> None:
    (found,) = read(rule(starts=["Lire aussi", "À lire"], ends="Lire la suite")).rules
    assert {key: [p.text for p in phrases] for key, phrases in found.texts.items()} == {"starts": ["Lire aussi", "À lire"], "ends": ["Lire la suite"]}


@pytest.mark.parametrize(
    "value", ["Lire aussi : l'article", "no: yes", "a # b", "\"quoted\" 'as' it is", "key: value: more", "https://example.org/?a=b#c", "- item", "[list]", "% & * !"]
)
def test_colons_apostrophes_and_other_signs_need_no_escape(value: str) -> None:
    (found,) = read(rule(contains="abc", keep=value)).rules
    assert found.keeps[0].text == value


def test_windows_line_ends_and_a_byte_order_mark_are_fine() -> None:
    plain, other = parse(RULE, "F", "common"), parse("\ufeff" + RULE.replace("\n", "\r\n"), "F", "common")
    assert not other.problems
    assert other.rules == plain.rules


def test_comments_and_blank_lines_do_not_matter() -> None:
    spaced = "# note\n\n" + RULE.replace("\n", "\n\n  # note: with a colon\n")
    assert [p.text for p in read(spaced).rules[0].texts["is"]] == ["Share this"]


def test_space_around_key_and_value_does_not_matter() -> None:
    assert read("  rule :  share \n" + RULE.split("\n", 1)[1]).rules[0].id == "common/share"


def test_a_file_without_rules_is_a_file() -> None:
    assert read("").rules == ()
    assert read("# nothing yet\n").rules == ()


def test_an_exception_needs_neither_label_nor_drop() -> None:
    (found,) = read(rule(action="keep", label=None, drop=None, contains="share price")).rules
    assert (found.action, found.label) == ("keep", None)


@pytest.mark.parametrize(
    ("keys", "limit"),
    [({"is": "abc"}, None), ({"starts": "abc"}, 40), ({"matches": "abc"}, 40), ({"ends": "abc"}, 25), ({"contains": "abc"}, 25), ({"starts": "abc", "contains": "def"}, 25)],
)
def test_a_rule_that_names_no_limit_has_that_of_its_keys(keys: dict[str, str], limit: int | None) -> None:
    assert read(rule(**keys)).rules[0].max_words == limit


def test_a_limit_that_is_named_counts() -> None:
    (found,) = read(rule(starts="abc", max_words=7, min_words=3)).rules
    assert (found.max_words, found.min_words) == (7, 3)


def test_zones_and_neighbours_are_sets_and_short_names_mean_this_file() -> None:
    (found, _) = read(rule("one", is_="abc", zone=["head", "tail"], after="two", before="lang/fr/three") + rule("two", is_="def")).rules
    assert found.zones == {"head", "tail"}
    assert (found.after, found.before) == (("common/two",), ("lang/fr/three",))


def test_what_stands_before_the_first_rule_is_the_files() -> None:
    file = read("language: fr\nname: français\nsentence-ends: . !\nagency: AFP\nagency: Reuters\n" + RULE, "lang/fr")
    assert file.values("agency") == ["AFP", "Reuters"]
    assert file.values("name") == ["français"]
    assert file.values("dateline") == []


@pytest.mark.parametrize("label", LABELS)
def test_every_label_of_the_list_is_known(label: str) -> None:
    assert read(rule(is_="abc", label=label)).rules[0].label == label


# -- faults of one line ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("start: Lire aussi", "7:1: unknown key 'start'; did you mean 'starts'?"),
        ("lable: share", "7:1: unknown key 'lable'; did you mean 'label'?"),
        ("zone: haed", "7:7: unknown zone 'haed'; did you mean 'head'?"),
        ("take:   sektion", "7:9: unknown take 'sektion'; did you mean 'section'?"),
        ("action: stay", "7:9: unknown action 'stay'; use one of drop, keep"),
        ("inline: sometimes", "7:9: unknown inline 'sometimes'; use one of yes, no"),
        ("shape: titel", "7:8: unknown shape 'titel'; did you mean 'titles'?"),
        ("keep:", "7:6: 'keep' has no value; write one behind the colon, or delete the line"),
        ("keep:   ", "7:6: 'keep' has no value; write one behind the colon, or delete the line"),
        ("Share this too", "7:1: not a 'key: value' line: 'Share this too'; write a key, a colon and a value, or begin the line with #"),
        ("max-words: many", "7:12: 'max-words' is no whole number above 0: 'many'; write one, such as 12"),
        ("max-words: 0", "7:12: 'max-words' is no whole number above 0: '0'; write one, such as 12"),
        ("min-words: 2.5", "7:12: 'min-words' is no whole number above 0: '2.5'; write one, such as 12"),
        ("min-items: -1", "7:12: 'min-items' is no whole number above 0: '-1'; write one, such as 12"),
        ("is: Share this", "7:5: said already in line 4: 'Share this'; delete the line"),
        ("is: Share {nmber}", "7:11: unknown placeholder {nmber}; use {number}, {any} or a choice such as {story|article}"),
        ("is: Share {number", "7:5: braces that do not pair in 'Share {number'; close each { with a }, and put none inside another"),
        ("is: ***", "7:5: no piece of two letters in '***'; write a longer phrase, or "),
        ("is: {number}", "7:5: no piece of two letters in '{number}'; write a longer phrase, or "),
        ("drop: Here [[this goes", "7:7: double brackets do not pair; put [[ before and ]] behind the part that goes"),
        ("drop: Here this]] goes", "7:7: double brackets do not pair; put [[ before and ]] behind the part that goes"),
        ("label: follow", "7:8: 'label' is said twice; keep one of them"),
        ("inline: yes", "7:9: 'inline' needs 'starts' phrases; delete the line, or write the phrases with 'starts'"),
        ("hosts: example.org", "7:1: unknown key 'hosts'; known here:"),
        ("sentence-ends: .", "7:1: unknown key 'sentence-ends'; move it to the top of the file, before the first rule (1)"),
        ("is: Par\u200ftager", "7:8: an invisible directional character (RIGHT-TO-LEFT MARK); delete it; right-to-left text needs none here"),
        ("keep: \u202bمشاركة\u202c", "7:7: an invisible directional character (RIGHT-TO-LEFT EMBEDDING); delete it; right-to-left text needs none here"),
        ("keep: \u2066x", "7:7: an invisible directional character (LEFT-TO-RIGHT ISOLATE); delete it; right-to-left text needs none here"),
    ],
)
def test_a_faulty_line_is_told_with_line_column_and_remedy(line: str, fault: str) -> None:
    assert only_fault(with_line(line)).startswith(fault)


@pytest.mark.parametrize(("word", "suggestion"), [("related-links", "related"), ("sharing", "share"), ("Share", "share"), ("newsletters", "newsletter")])
def test_an_unknown_label_is_told_with_the_nearest_one(word: str, suggestion: str) -> None:
    assert only_fault(RULE.replace("label: share", f"label: {word}")) == f"2:8: unknown label '{word}'; did you mean '{suggestion}'?"


def test_a_label_like_none_is_told_with_all_of_them() -> None:
    assert only_fault(RULE.replace("label: share", "label: zzz")).endswith(f"use one of {', '.join(LABELS)}")


@pytest.mark.parametrize("key", ["why", "drop", "keep"])
def test_a_rule_without_reason_or_examples_is_told_at_its_head(key: str) -> None:
    lines = [line for line in RULE.splitlines() if not line.startswith(key)]
    assert only_fault("\n".join(lines)).startswith(f"1:7: rule 'share' has no '{key}'; add '{key}:' with ")


def test_a_rule_without_label_is_told_at_its_head() -> None:
    assert only_fault(RULE.replace("label: share\n", "")).startswith("1:7: rule 'share' has no label; add 'label:' with one of navigation, ")


def test_a_rule_that_looks_for_nothing_is_told() -> None:
    assert only_fault(RULE.replace("is: Share this\n", "")) == "1:7: rule 'share' says nothing to look for; add one of is, starts, ends, contains, matches, tag, named, selector"


@pytest.mark.parametrize("name", ["Share", "share_this", "share this", "-share", "share-", "a--b", "partagé", "lang/fr/share"])
def test_an_id_that_is_none_is_told(name: str) -> None:
    assert only_fault(RULE.replace("rule: share", f"rule: {name}")) == f"1:7: '{name}' is no rule id; use small letters a-z, digits and single hyphens"


def test_an_id_used_twice_is_told_with_the_line_of_the_first() -> None:
    again = RULE + "\n" + RULE.replace("Share this", "Send that")
    assert only_fault(again) == "8:7: the id 'share' is used twice, first in line 1; give it another, or join the two rules"


def test_a_rules_key_before_the_first_rule_is_told() -> None:
    assert only_fault("label: share\n" + RULE) == "1:1: unknown key 'label'; begin a rule with 'rule: an-id' first"


@pytest.mark.parametrize(("pattern", "column", "what"), [("share (", 16, "missing )"), ("share[", 15, ""), ("*share", 10, "nothing to repeat"), (r"share\p{Nope}", 23, "")])
def test_a_broken_regular_expression_is_told_where_it_breaks(pattern: str, column: int, what: str) -> None:
    fault = only_fault(RULE.replace("is: Share this", f"matches: {pattern}"))
    assert fault.startswith("4:")
    assert f"not a regular expression: {what}" in fault
    assert 10 <= int(fault.split(":")[1]) <= 10 + len(pattern), f"column {fault.split(':')[1]}, about {column} expected"


@pytest.mark.parametrize("pattern", [r"\d+", r"[a-z]+ \d", r"share|\d+", r"(?:share)?", "ab"])
def test_a_pattern_without_a_fixed_piece_is_refused(pattern: str) -> None:
    fault = only_fault(RULE.replace("is: Share this", f"matches: {pattern}"))
    assert fault == "4:10: a pattern without a fixed piece of three letters would be tried on every line; put such a piece in (in each branch of an alternation)"


def test_a_pattern_without_a_fixed_piece_may_stand_beside_a_phrase_that_has_one() -> None:
    assert not faults(RULE.replace("is: Share this", "starts: Share this\nmatches: \\d+"))


def test_a_rule_none_of_whose_keys_can_be_looked_for_is_refused() -> None:
    fault = only_fault(RULE.replace("is: Share this", "starts: {any} a\nmatches: \\d+"))
    assert fault == "1:7: rule 'share' would have to be tried on every line; give one of its keys only phrases with a piece of two letters"


@pytest.mark.parametrize(
    "phrase",
    ["a", "{any}", "a {number} b", "• a"],
)
def test_a_phrase_without_two_letters_is_refused(phrase: str) -> None:
    assert "no piece of two letters" in only_fault(RULE.replace("is: Share this", f"starts: {phrase}"))


# -- faults of whole files ------------------------------------------------------------------


@pytest.mark.parametrize(("text", "said"), [(RULE, "nothing"), ("language: en\n" + RULE, "another")])
def test_a_language_file_must_say_the_language_of_its_name(text: str, said: str) -> None:
    assert only_fault(text, "lang/fr") == "1:1: the file does not say its language; add 'language: fr', the code of the file's name", f"it says {said}"


def test_a_language_is_said_once() -> None:
    assert "2:11: 'language' is said twice; keep one of them" in faults("language: fr\nlanguage: fr\n", "lang/fr")


def test_a_site_file_must_say_its_hosts() -> None:
    assert only_fault(RULE, "site/example.org") == "1:1: the file does not say its hosts; add 'hosts: example.org'"


@pytest.mark.parametrize("key", ["found", "not-found"])
def test_dateline_forms_need_an_example_and_a_near_miss(key: str) -> None:
    examples = {"found": "found: [[Paris (AFP) –]] Le", "not-found": "not-found: Paris (2-1)"}
    del examples[key]
    text = FRENCH + "agency: AFP\ndateline: {place} ({agency}) –\n" + "\n".join(examples.values())
    assert only_fault(text, "lang/fr") == f"3:11: dateline forms without a '{key}' example; add a '{key}:' line"


EXAMPLES = "found: [[Paris (AFP) –]] Le\nnot-found: Paris (2-1)\n"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("dateline: {place} ({day}) –", "2:20: unknown field {day}; use one of {place}, {PLACE}, {date}, {source}, {agency}, {name}, {any}"),
        ("dateline: {place} –", "2:11: this dateline form would match half of all sentences; give it {agency}, {date}, {PLACE} or brackets"),
        ("byline: Par", "2:9: a byline form without {name}; put {name} where the author stands"),
        ("byline: Par {who}", "2:9: a byline form without {name}"),
    ],
)
def test_a_faulty_form_is_told(line: str, fault: str) -> None:
    examples = EXAMPLES if line.startswith("dateline") else ""
    assert any(f.startswith(fault) for f in faults(f"{FRENCH}{line}\n{examples}", "lang/fr"))


def test_an_example_of_a_dateline_must_show_it() -> None:
    text = FRENCH + "dateline: {place} ({date}) –\nfound: Paris (3 mai) – Le\nnot-found: Paris (x)\n"
    assert only_fault(text, "lang/fr") == "3:8: an example of a dateline must show it in double brackets; write [[Paris, 3 mai (AFP) –]] Le président …"


def test_a_phrase_that_tells_a_site_must_be_findable() -> None:
    assert only_fault(SITE + "told-by: a\n", "site/example.org") == "2:10: no piece of two letters in 'a'; write a longer phrase"


# -- all at once ---------------------------------------------------------------------------------


def test_all_faults_of_a_file_come_at_once_in_the_order_of_the_text() -> None:
    text = (
        "nonsense\n"  # 1
        "rule: one\n"  # 2: no label, no keep
        "why: Because.\n"
        "starts: a\n"  # 4
        "drop: x [[y\n"  # 5
        "rule: two\n"
        "label: shar\n"  # 7
        "why: Because.\n"
        "matches: (\n"  # 9
        "max-words: x\n"  # 10
        "drop: x\n"
        "keep: y\n"
        "rule: Three\n"  # 13
    )
    assert sorted({int(f.split(":")[0]) for f in faults(text)}) == [1, 2, 4, 5, 7, 9, 10, 13]
    lines = [int(f.split(":")[0]) for f in faults(text)]
    assert lines == sorted(lines)


def test_a_rule_with_a_fault_is_not_among_the_rules_but_those_around_it_are() -> None:
    text = (
        RULE
        + RULE.replace("rule: share", "rule: bad").replace("label: share", "label: nope").replace("Share this", "b b b")
        + RULE.replace("rule: share", "rule: good").replace("Share this", "c c c")
    )
    assert [r.id for r in parse(text, "F", "common").rules] == ["common/share", "common/good"]


@given(
    st.text(st.sampled_from("rule: isdropke\n#\\{}[]()|ab\u200f\ufeff\r é1-"), max_size=200) | st.text(max_size=200),
    st.sampled_from(["common", "lang/fr", "site/example.org"]),
    st.booleans(),
)
def test_no_text_makes_the_reader_raise(text: str, place: str, checked: bool) -> None:
    file = parse(text, "F", place, checked=checked)
    assert isinstance(file, RuleFile)
    assert all(isinstance(p, Problem) and p.line >= 1 and p.column >= 1 and p.wrong and p.right for p in file.problems)


_GOOD = st.lists(
    st.sampled_from(
        [
            RULE,
            rule("a", is_="abc"),
            rule("b", starts=["abc", "{number} def"], inline="yes"),
            rule("c", matches="abc+"),
            rule("d", action="keep", contains="ghi"),
            "# note\n",
            "\n",
            "oops\n",
            "rule: e\n",
        ]
    ),
    max_size=6,
    unique=True,
)


@given(_GOOD)
def test_checked_files_are_read_as_unchecked_ones_are(parts: list[str]) -> None:
    text = "".join(parts)
    assert parse(text, "F", "common").rules == parse(text, "F", "common", checked=True).rules
