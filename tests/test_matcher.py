"""Where a rule's text conditions hold: phrases as people mean them, patterns as they are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import PROSE, fires, gone, hits, page, rule, rules
from hypothesis import given
from hypothesis import strategies as st

import cleaner
from cleaner import matcher
from cleaner.fold import fold
from cleaner.matcher import Line, Matcher, words
from cleaner.model import Rule
from cleaner.read_text import read_text
from cleaner.rulefile import parse

# -- the five keys ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "yes", "no"),
    [
        ("is_", ["Share this"], ["Share this story", "Do share this", "Share"]),
        ("starts", ["Share this", "Share this story"], ["Do share this", "Share"]),
        ("ends", ["Share this", "Do share this"], ["Share this story"]),
        ("contains", ["Share this", "Share this story", "Do share this", "You may share this story"], ["Share it and this"]),
        ("matches", ["Share this", "You may share this story", "unshare thistle"], ["Share it"]),
    ],
)
def test_each_key_finds_the_phrase_in_its_own_place(key: str, yes: list[str], no: list[str]) -> None:
    for line in yes:
        assert fires(line, **{key: "Share this"}), f"{key} does not find {line!r}"
    for line in no:
        assert not fires(line, **{key: "Share this"}), f"{key} finds {line!r}"


KEYS = ("is_", "starts", "ends", "contains")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("line", ["À lire également", "A LIRE ÉGALEMENT", "A LIRE EGALEMENT", "à\u00a0lire  également", "a\u0300 lire e\u0301galement", "À\tlire également"])
def test_a_phrase_is_found_whatever_its_accents_capitals_and_spaces(key: str, line: str) -> None:
    assert fires(line, **{key: "À lire également"})


def test_accents_may_be_missing_in_the_text_but_not_in_the_rule() -> None:
    assert fires("DEJA ABONNE", is_="Déjà abonné")
    assert not fires("Déjà abonné", is_="Deja abonne")


@pytest.mark.parametrize("line", ["Lire aussi: x", "Lire aussi : x", "Lire aussi\u00a0: x", "LIRE AUSSI\u202f: x", "Lire aussi：x"])
@pytest.mark.parametrize("phrase", ["Lire aussi:", "Lire aussi :"])
def test_the_space_before_a_colon_does_not_count(phrase: str, line: str) -> None:
    assert fires(line, starts=phrase)


def test_a_colon_in_a_phrase_must_be_there() -> None:
    assert not fires("Lire aussi souvent que possible", starts="Lire aussi :")


@pytest.mark.parametrize("line", ["l’article original", "L'ARTICLE ORIGINAL", "l`article original", "l‘article original"])
def test_apostrophes_are_all_the_same(line: str) -> None:
    assert fires(line, is_="l'article original")


@pytest.mark.parametrize("line", ["إقرأ أيضاً", "اقرأ أيضًا", "اقرا ايضا", "اقـــرأ أيضا", "\u200fاقرأ أيضا\u200e", "اِقْرَأْ أَيْضًا"])
@pytest.mark.parametrize("key", KEYS)
def test_an_arabic_phrase_is_found_whatever_its_vowel_signs_and_hamzas(key: str, line: str) -> None:
    assert fires(line, **{key: "اقرأ أيضا"})


@pytest.mark.parametrize("line", ["مُشترك جديد", "مشتــرك جديد"])
def test_an_arabic_phrase_without_an_alef_is_found_too(line: str) -> None:
    assert fires(line, is_="مشترك جديد")
    assert fires("مشترك جديد", is_=line)


def test_full_width_letters_are_letters() -> None:
    assert fires("ＳＨＡＲＥ　ＴＨＩＳ", is_="Share this")


# -- what stands around a phrase ------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "• Share this »",
        "Share this :",
        "» Share this",
        ">> Share this <<",
        "[ Share this ]",
        "— Share this —",
        "*Share this*",
        "Share this...",
        "▶ Share this",
        "✉ Share this ✔",
        "🔴 Share this",
        "(Share this)",
        "| Share this |",
        "- share this.",
    ],
)
def test_bullets_arrows_and_brackets_around_a_whole_line_do_not_count(line: str) -> None:
    assert fires(line, is_="Share this")


@pytest.mark.parametrize("line", ["• Share this story", "» Share this story", "— Share this story", "▶️ Share this story", "[Share this story]"])
def test_signs_in_front_of_a_beginning_do_not_count(line: str) -> None:
    assert fires(line, starts="Share this")


@pytest.mark.parametrize("line", ["Go and share this »", "Go and share this.", "Go and share this →", "Go and share this (…)"])
def test_signs_behind_an_end_do_not_count(line: str) -> None:
    assert fires(line, ends="share this")


@pytest.mark.parametrize("line", ["« Share this », dit-il", '"Share this" was the song', "“Share this,” she said", "#share this", "@share this"])
def test_what_is_quoted_or_tagged_does_not_begin_a_line(line: str) -> None:
    assert not fires(line, starts="Share this")


@pytest.mark.parametrize("phrase", ["• Share this", "Share this »", "» Share this :"])
def test_signs_around_the_rules_own_phrase_do_not_count_either(phrase: str) -> None:
    assert fires("Share this", is_=phrase)


@pytest.mark.parametrize(
    ("phrase", "line"),
    [("{number} shares :", "12 shares"), ("• {number} shares", "12 shares"), ("shares: {number} »", "Shares: 12"), ("{lire :|voir :} {à lire :|aussi :}", "Voir : aussi")],
)
def test_nor_around_a_phrase_with_placeholders(phrase: str, line: str) -> None:
    assert fires(line, is_=phrase)


# -- whole words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "phrase", "line"),
    [
        ("starts", "Share", "Shareholders meet"),
        ("ends", "share", "Do overshare"),
        ("contains", "share", "The shareholders meet"),
        ("contains", "été", "Des étés chauds"),
        ("contains", "ete", "Des étés"),
        ("contains", "شارك", "المشاركة في اللقاء"),
        ("starts", "شارك", "شاركوا في اللقاء"),
        ("contains", "हिन्द", "वह हिन्दी में है"),  # the vowel sign belongs to the word
        ("ends", "की", "वह किताबकी"),
        ("contains", "12", "In 1212 they met"),
        ("starts", "{number} share", "12 shareholders"),
        ("contains", "share {any} on", "share it only"),
    ],
)
def test_a_phrase_is_whole_words(key: str, phrase: str, line: str) -> None:
    assert not fires(line, **{key: phrase})


@pytest.mark.parametrize(
    ("key", "phrase", "line"),
    [
        ("contains", "हिन्दी", "वह हिन्दी में है"),
        ("contains", "شارك", "وقد شارك في اللقاء"),
        ("contains", "share", "a (share) of"),
        ("contains", "share", "a-share-of"),
        ("starts", "Share", "Share: this"),
    ],
)
def test_signs_and_spaces_bound_a_word(key: str, phrase: str, line: str) -> None:
    assert fires(line, **{key: phrase})


@pytest.mark.parametrize(("phrase", "line"), [("分享", "请分享这篇文章"), ("続きを読む", "この記事の続きを読むには"), ("อ่านต่อ", "คลิกอ่านต่อที่นี่"), ("អាន", "សូមអានបន្ត")])
def test_scripts_without_spaces_have_no_word_boundaries(phrase: str, line: str) -> None:
    assert fires(line, contains=phrase)


def test_words_are_counted_by_spaces_or_by_pairs_of_signs() -> None:
    assert words("one two three") == 3
    assert words("分享这篇文章") == 4
    assert words("") == 1


# -- placeholders and choices --------------------------------------------------------------------


@pytest.mark.parametrize("line", ["12 commentaires", "1 204 commentaires", "3,5 K commentaires", "١٢ commentaires", "• 0 commentaires :"])
def test_a_number_may_stand_in_a_phrase(line: str) -> None:
    assert fires(line, is_="{number} commentaires")


@pytest.mark.parametrize("line", ["commentaires", "douze commentaires", "Les 12 commentaires", "12 commentaires utiles"])
def test_what_is_no_number_does_not_fit(line: str) -> None:
    assert not fires(line, is_="{number} commentaires")


def test_any_is_one_to_sixty_characters() -> None:
    assert fires("Suivez RTL sur WhatsApp", is_="Suivez {any} sur WhatsApp")
    assert fires("Suivez notre page sur WhatsApp", is_="Suivez {any} sur WhatsApp")
    assert not fires("Suivez sur WhatsApp", is_="Suivez {any} sur WhatsApp")
    assert fires(f"Suivez {'x' * 58} sur WhatsApp", is_="Suivez {any} sur WhatsApp")
    assert not fires(f"Suivez {'x' * 80} sur WhatsApp", is_="Suivez {any} sur WhatsApp")


@pytest.mark.parametrize("line", ["Read more", "read the full story", "Read full article"])
def test_a_choice_stands_for_each_of_its_words_or_none(line: str) -> None:
    assert fires(line, is_="Read {more|the full story|full article}")


def test_an_empty_choice_may_be_left_out() -> None:
    for line in ("Share this story", "Share this article", "Share this"):
        assert fires(line, is_="Share this {story|article|}")
    assert not fires("Share this photo", is_="Share this {story|article|}")


def test_accents_may_be_missing_in_choices_too() -> None:
    assert fires("A ECOUTER", is_="À {lire|écouter}")


# -- several conditions ------------------------------------------------------------------------------


def test_phrases_of_one_key_are_or() -> None:
    assert hits(rules(rule(is_=["Share this", "Send this"])), page("Send this", "Share this", "Print this")) == [("x", "Send this"), ("x", "Share this")]


def test_different_keys_are_and() -> None:
    found = rules(rule(starts="Share", ends="friends", contains="this"))
    assert hits(found, page("Share this with friends", "Share it with friends", "Share this with all")) == [("x", "Share this with friends")]


@pytest.mark.parametrize(
    ("keys", "line", "finds"),
    [
        ({"max_words": 4}, "Share this with us", True),
        ({"max_words": 3}, "Share this with us", False),
        ({"min_words": 4}, "Share this with us", True),
        ({"min_words": 5}, "Share this with us", False),
    ],
)
def test_a_block_must_have_the_right_number_of_words(keys: dict[str, int], line: str, finds: bool) -> None:
    assert fires(line, starts="Share", **keys) is finds


def test_a_long_paragraph_is_safe_from_a_phrase_that_says_no_limit() -> None:
    assert not fires("Share " + "word " * 60, starts="Share")
    assert fires("Share " + "word " * 60, starts="Share", max_words=100)


# -- parts of a block -------------------------------------------------------------------------------------


def test_take_match_means_only_the_words_that_matched() -> None:
    assert hits(rules(rule(contains="Read more", take="match")), "The vote is over. Read  MORE and think.") == [("x", "Read  MORE")]
    assert hits(rules(rule(ends="Read more", take="match")), "The vote is over. Read more…") == [("x", "Read more")]
    assert hits(rules(rule(starts="By phone", take="match")), "• By phone he said no.") == [("x", "By phone")]
    assert hits(rules(rule(matches=r"\(photo: \w+\)", take="match")), "The bridge (Photo: AFP) is closed.") == [("x", "(Photo: AFP)")]


@pytest.mark.parametrize("line", ["Straße und ﬁn. Read more, please", "İstanbul'da. Read more, please", "e\u0301te\u0301 – Read more, please", "قال أيضًا. Read more, please"])
def test_the_part_taken_is_right_where_folding_changes_lengths(line: str) -> None:
    assert hits(rules(rule(contains="Read more", take="match")), line) == [("x", "Read more")]


def test_an_insert_is_the_one_sentence_that_begins_with_the_phrase() -> None:
    found = rules(rule(starts="Lire aussi :", inline="yes"))
    assert hits(found, "Le vote est clos. Lire aussi : Retraites, ce qui change. La suite viendra demain.") == [("x", "Lire aussi : Retraites, ce qui change.")]
    assert hits(found, "Le vote est clos. Lire aussi : Retraites, ce qui change") == [("x", "Lire aussi : Retraites, ce qui change")]


def test_an_insert_is_looked_for_in_paragraphs_that_are_too_long_to_go_whole() -> None:
    found = rules(rule(starts="Lire aussi :", inline="yes", max_words=10))
    assert hits(found, "Le vote est clos. " * 20 + "Lire aussi : Retraites. Fin de partie.") == [("x", "Lire aussi : Retraites.")]


def test_an_insert_must_begin_a_sentence() -> None:
    found = rules(rule(starts="Lire aussi :", inline="yes"))
    assert hits(found, "Il faut lire aussi : des romans, des essais.") == []


def test_an_insert_longer_than_the_limit_is_none() -> None:
    found = rules(rule(starts="Lire aussi", inline="yes", max_words=5))
    assert hits(found, "Le vote est clos. Lire aussi des romans et des essais du siècle passé. Fin.") == []


def test_where_the_phrase_begins_the_block_the_block_is_meant() -> None:
    found = rules(rule(starts="Lire aussi :", inline="yes"))
    assert hits(found, "Lire aussi : Retraites. Ce qui change.") == [("x", "Lire aussi : Retraites. Ce qui change.")]


def test_urdu_and_arabic_stops_end_words_and_sentences() -> None:
    found = rules(rule(starts="مزید پڑھیں:", inline="yes"))
    assert hits(found, "اجلاس ختم ہو گیا۔ مزید پڑھیں: نیا قانون۔ باقی کل ہو گا۔") == [("x", "مزید پڑھیں: نیا قانون۔")]
    assert fires("ہمارے نیوز لیٹر۔ آج ہی", starts="ہمارے {نیوز لیٹر|خبرنامے}")
    assert fires("اشترك في النشرة، مجانا", starts="اشترك في {النشرة|القناة}")


def test_an_insert_may_begin_with_choices_and_numbers() -> None:
    found = rules(rule(starts=["{Lire|Voir} {aussi|également} :", "Nos {number} conseils :"], inline="yes"))
    assert hits(found, "Le vote est clos. Voir également : Retraites. La suite demain.") == [("x", "Voir également : Retraites.")]
    assert hits(found, "Le vote est clos. Nos 10 conseils : dormir, lire. La suite demain.") == [("x", "Nos 10 conseils : dormir, lire.")]
    assert hits(found, "Il faut voir également : des films.") == []


@pytest.mark.parametrize("line", ["댓글 3개", "3条评论", "有 1,204 條評論", "1.2万 评论数", "ความคิดเห็น 12 รายการ", "12รายการ"])
def test_a_number_may_cling_to_what_it_counts(line: str) -> None:
    phrases = ["댓글 {number}개", "{number}条评论", "有 {number} 條評論", "{number} 评论数", "ความคิดเห็น {number} รายการ", "{number}รายการ"]
    assert fires(line, is_=phrases)


@pytest.mark.parametrize("line", ["12th comment", "3x comment", "12comment"])
def test_a_number_that_is_part_of_a_latin_word_is_none(line: str) -> None:
    assert not fires(line, starts="{number} comment")


@pytest.mark.parametrize("line", ["Condividi l'articolo", "Condividi l’articolo", "Condividi il pezzo", "Condividi l' articolo"])
def test_a_choice_may_end_in_an_apostrophe(line: str) -> None:
    assert fires(line, is_="Condividi {l'|il} {articolo|pezzo}")
    assert fires(line, starts="{Condividi|Leggi} {l'|il} {articolo|pezzo}")


@pytest.mark.parametrize("line", ["انتهى التصويت. اقرأ أيضًا: قانون التقاعد الجديد", "投票已经结束。阅读更多：新法律。明天继续", "अ मतदान समाप्त। यह भी पढ़ें: नया कानून"])
def test_inserts_are_found_in_other_scripts(line: str) -> None:
    found = rules(rule(starts=["اقرأ أيضا:", "阅读更多：", "यह भी पढ़ें:"], inline="yes"))
    (hit,) = hits(found, line)
    assert hit[1] in line
    assert hit[1] != line


# -- no rule can hang us --------------------------------------------------------------------------------------


def test_a_regular_expression_that_would_run_for_ever_is_stopped_and_named_and_the_text_stays(rule_folder: Callable[[dict[str, str]], Path]) -> None:
    folder = rule_folder({"common.txt": rule("slow", matches=r"zorp (a|a)+$", max_words=1000) + rule("quick", is_="Blick zorp")})
    slow = "The zorp " + "a" * 60 + " would not come to an end."
    article = cleaner.Cleaner(rules=[folder]).clean_text(page(*PROSE, slow, "Blick zorp", "The zorp " + "a" * 50 + "!", *PROSE[::-1]), language="en")
    (warning,) = [w for w in article.warnings if "slow" in w]
    assert "common/slow" in warning
    assert str(folder / "common.txt") + ":1" in warning
    assert {(r.rule, r.text) for r in article.removed} == {("common/quick", "Blick zorp")}, gone(article)
    assert slow in article.paragraphs


def test_a_rule_that_was_stopped_once_does_nothing_at_all_on_that_text(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rules(rule("slow", matches="share .*", max_words=1000) + rule("quick", is_="Print this"))

    def find(self: matcher.Test, line: Line) -> tuple[int, int] | None:
        if line.text == "share two":
            raise TimeoutError
        return real(self, line)

    real = matcher.Test.find
    monkeypatch.setattr(matcher.Test, "find", find)
    lines = ["share one", "share two", "share three", "Print this"]
    folded = fold("\n".join(lines))
    result, warnings = Matcher(found).find(lines, folded, folded.split("\n"))
    assert len(warnings) == 1
    assert [h.block for h in result] == [3]


# -- all rules together find what each alone finds ---------------------------------------------------------------

_WORDS = [
    "share",
    "Share",
    "this",
    "été",
    "ETE",
    "l’ami",
    "l'ami",
    "12",
    "a",
    "اقرأ",
    "أيضًا",
    "ايضا",
    "مُدرس",
    "مدرس",
    "中文",
    "分享",
    "read",
    "more",
    "Straße",
    "strasse",
    "हिन्दी",
    "İl",
    "il",
    "photo",
]
_GLUE = ["", " ", " ", " ", " : ", ": ", ". ", "! ", " - ", "\u00a0"]
_PHRASES = st.lists(st.tuples(st.sampled_from([*_WORDS, "{number}", "{any}", "{share|read}", "{more|}"]), st.sampled_from(_GLUE)), min_size=1, max_size=3).map(
    lambda parts: "".join(a + b for a, b in parts).strip()
)
_PATTERNS = st.sampled_from([r"share\s+\w+", r"\d+ (?:more|share)", r"^(?:read|share)", r"photo$", r"été|l'ami", r"(?:read )?more\b", r"أ?يضا", "分享", r"stra(?:ß|ss)e"])
_LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "", "• ", "» ", "« ", "-- ", "🔴 "]),
        st.lists(st.tuples(st.sampled_from(_WORDS), st.sampled_from(_GLUE)), min_size=1, max_size=5),
        st.sampled_from(["", "", " »", ".", " :", "…"]),
    ).map(lambda t: t[0] + "".join(a + b for a, b in t[1]) + t[2]),
    min_size=1,
    max_size=6,
)


@st.composite
def _rules(draw: st.DrawFn) -> list[Rule]:
    """Up to four rules with up to two keys, all of them without fault."""
    found: list[Rule] = []
    for number in range(draw(st.integers(1, 4))):
        keys: dict[str, object] = {}
        for key in draw(st.lists(st.sampled_from(["is_", "starts", "ends", "contains", "matches"]), min_size=1, max_size=2, unique=True)):
            keys[key] = draw(st.lists(_PATTERNS if key == "matches" else _PHRASES, min_size=1, max_size=2, unique=True))
        if "starts" in keys and draw(st.booleans()):
            keys["inline"] = "yes"
        if draw(st.booleans()):
            keys["take"] = "match"
        if draw(st.booleans()):
            keys["max_words"] = draw(st.integers(1, 6))
        if draw(st.booleans()):
            keys["min_words"] = draw(st.integers(1, 3))
        found += parse(rule(f"r{number}", **keys), "common.txt", "common").rules
    return found


def by_trying_everything(found: list[Rule], lines: list[str]) -> set[tuple[int, int]]:
    """Line and rule, by trying every phrase of every rule on every line, without looking for literals first."""
    result = set()
    for block, text in enumerate(lines):
        line = Line(text, fold(text))
        for number, one in enumerate(found):
            short = one.max_words is None or words(line.folded) <= one.max_words
            if words(line.folded) < one.min_words or not (short or one.take == "match" or one.inline):
                continue
            holds = []
            spans = []
            for key, phrases in one.texts.items():
                tests = [matcher.Test(key, p, one.inline) for p in phrases]
                span = next((s for t in tests if (s := t.find(line))), None)
                if key == "starts" and one.inline and (not span or not short):
                    span = next((s for t in tests if (s := t.find_inline(line))), None)
                    spans += [span] if span else []
                holds.append(span is not None)
            too_long = spans and one.max_words is not None and words(line.folded[slice(*spans[0])]) > one.max_words
            if all(holds) and not too_long:
                result.add((block, number))
    return result


@given(_rules(), _LINES)
def test_the_matcher_finds_exactly_what_trying_every_rule_on_every_line_finds(found: list[Rule], drawn: list[str]) -> None:
    lines = list(read_text("\n".join(drawn)).lines)
    if not lines:
        return
    folded = fold("\n".join(lines))
    result, warnings = Matcher(found).find(lines, folded, folded.split("\n"))
    assert not warnings
    told = {one.id: {key: [p.text for p in phrases] for key, phrases in one.texts.items()} for one in found}
    assert {(h.block, h.rule) for h in result} == by_trying_everything(found, lines), f"rules {told}, lines {lines}"


@given(_rules(), _LINES)
def test_the_part_taken_lies_inside_its_line(found: list[Rule], drawn: list[str]) -> None:
    lines = list(read_text("\n".join(drawn)).lines)
    folded = fold("\n".join(lines))
    for hit in Matcher(found).find(lines, folded, folded.split("\n"))[0]:
        if hit.span:
            assert 0 <= hit.span[0] < hit.span[1] <= len(lines[hit.block])


def test_no_rules_find_nothing() -> None:
    assert hits([], "Share this") == []


def test_thousands_of_rules_find_what_few_do() -> None:
    many = rules("".join(rule(f"r{n}", starts=f"phrase number{n}") for n in range(1200)) + rule("x", starts="Share this"))
    assert hits(many, page("Share this story", "Phrase number77 is here", "nothing")) == [("x", "Share this story"), ("r77", "Phrase number77 is here")]


def test_a_long_whole_line_is_found_beside_a_rule_for_short_lines_only() -> None:
    found = rules(rule("short", starts="{Zorp|Krull} blick", max_words="2") + rule("long", is_="One two three four five six seven"))
    assert hits(found, "One two three four five six seven") == [("long", "One two three four five six seven")]


@pytest.mark.parametrize("pattern", ["[[a-z]]zorp", "[a&&b]zorp", "[a||b]zorp"])
def test_a_checked_pattern_that_python_warns_of_runs_all_the_same(pattern: str) -> None:
    file = parse(rule(matches=pattern), "common.txt", "common", checked=True)
    assert Matcher(file.rules).find(["blick"], "blick", ["blick"]) == ([], [])
    Matcher(file.rules).find(["a]zorp"], "a]zorp", ["a]zorp"])
