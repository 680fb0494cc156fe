"""Whatever comes in, an article comes out: empty, enormous, broken, disguised."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import HEADLINE, PROSE, ROOT, assert_tiles, gone, page, rule, shipped_cleaner
from hypothesis import given
from hypothesis import strategies as st

import cleaner
from cleaner.batch.records import Record
from cleaner.batch.write import written

FRENCH = "Le président a été réélu à Évian, déclare-t-on : « c'était un été très animé »."
ARABIC = "أعلن الرئيس يوم الاثنين أنه سيغادر منصبه في نهاية الشهر الجاري، وقال: “لن أعود”."
RUSSIAN = "Президент объявил в понедельник, что уйдёт в отставку в конце этого месяца."


def wrongly_decoded(text: str) -> str:
    """UTF-8 read as windows-1252, as it is found in the wild."""
    return "".join(bytes([b]).decode("cp1252", "replace") if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(b) for b in text.encode("utf-8"))


# -- nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n", " \n\t\r\n \u3000\xa0 \u2028 ", "\ufeff"])
def test_a_text_with_nothing_in_it_is_an_empty_article(shipped: cleaner.Cleaner, text: str) -> None:
    article = shipped.clean_text(text)
    assert (article.headline, article.dateline, article.byline, article.text) == (None, None, None, "")
    assert_tiles(article)


def test_an_empty_text_is_warned_of(shipped: cleaner.Cleaner) -> None:
    assert shipped.clean_text(" \n ").warnings == ("the text is empty",)


def test_a_text_of_which_nothing_is_left_is_warned_of(rule_folder: Callable[[dict[str, str]], Path]) -> None:
    article = cleaner.Cleaner(rules=[rule_folder({"common.txt": rule("a", is_="Zorp blick")})]).clean_text("Zorp blick\n\nZorp blick", language="fr")
    assert article.warnings == ("no article found: rules removed all of the text",)
    assert article.text == ""


# -- line breaks, signs that cannot be seen ----------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"])
def test_every_kind_of_line_break_parts_lines(shipped: cleaner.Cleaner, end: str) -> None:
    article = shipped.clean_text(end.join([HEADLINE, *PROSE]), language="en")
    assert (article.headline, article.paragraphs) == (HEADLINE, PROSE), gone(article)
    assert article.source_text == "\n".join([HEADLINE, *PROSE])
    assert_tiles(article)


def test_positions_count_in_the_text_with_plain_line_breaks(shipped: cleaner.Cleaner) -> None:
    article = shipped.clean_text("\r\n\r\n" + "\r\n".join([HEADLINE, *PROSE]))
    assert article.blocks[0].start == 2
    assert article.source_text[2:].startswith(HEADLINE)


@pytest.mark.parametrize("sign", ["\x00", "\x01", "\x7f", "\u200b", "\u200f", "\u202a", "\u202e", "\u2066", "\ufeff", "\ufffe", "\ud800", "\U0010ffff", "\ue000", "\u0300"])
def test_odd_signs_stay_where_they_are_and_nothing_is_lost(shipped: cleaner.Cleaner, sign: str) -> None:
    text = page(HEADLINE, sign.join(PROSE[:2]), PROSE[2] + sign, sign + PROSE[3], sign, sign * 3)
    article = shipped.clean_text(text, language="en")
    assert_tiles(article)
    assert article.source_text == text
    assert sign.join(PROSE[:2]) in article.paragraphs, gone(article)


@pytest.mark.parametrize("mark", ["\u200e", "\u200f", "\u202b", "\u2067", "\u200b", "\ufeff"])
def test_a_phrase_is_found_behind_signs_that_cannot_be_seen(rule_folder: Callable[[dict[str, str]], Path], mark: str) -> None:
    made = cleaner.Cleaner(rules=[rule_folder({"common.txt": rule("a", is_="Zorp blick") + rule("b", starts="مشاركة الخبر")})])
    article = made.clean_text(page(PROSE[0], f"{mark}Zorp {mark}blick{mark}", f"{mark}مشاركة الخبر{mark}", PROSE[1]), language="de")
    assert {r.rule for r in article.removed} == {"common/a", "common/b"}, gone(article)


@given(st.text(st.characters(categories=("Cs", "Cc", "Cf", "Mn", "Lo", "Zs")), max_size=80))
def test_no_odd_signs_raise(text: str) -> None:
    assert_tiles(shipped_cleaner().clean_text(page(PROSE[0], text, PROSE[1])))


@pytest.mark.parametrize("style", ["text", "markdown", "json", "jsonl", "xml"])
def test_lone_surrogates_can_be_written(shipped: cleaner.Cleaner, style: str) -> None:
    record = Record("<stdin>", 1, "<stdin>", "")
    data = written(shipped.clean_text(PROSE[0] + "\ud800\n" + PROSE[1]), record, style, removed=True)
    assert isinstance(data, bytes)
    text = data.decode("utf-8")
    assert PROSE[1] in text


def test_lone_surrogates_can_be_explained(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": PROSE[0] + "\ud800\n" + PROSE[1]}))
    done = subprocess.run([sys.executable, "-m", "cleaner.cli", "--explain", str(tmp_path / "a.jsonl")], capture_output=True, cwd=ROOT, check=True)
    assert PROSE[1] in done.stdout.decode("utf-8")


def test_an_article_with_lone_surrogates_is_json(shipped: cleaner.Cleaner) -> None:
    assert json.loads(json.dumps(shipped.clean_text("a \ud800 b").to_dict()))["text"] == "a \ud800 b"


@pytest.mark.parametrize("style", ["text", "json"])
def test_nul_bytes_go_through_the_command(style: str) -> None:
    text = page(HEADLINE, PROSE[0] + " a\x00b", PROSE[1])
    done = subprocess.run([sys.executable, "-m", "cleaner.cli", "--format", style], input=text.encode(), capture_output=True, cwd=ROOT, check=True)
    out = done.stdout.decode("utf-8")
    assert "a\x00b" in (json.loads(out)["body"] if style == "json" else out)


def test_bytes_that_are_no_text_are_an_error_that_says_so() -> None:
    done = subprocess.run([sys.executable, "-m", "cleaner.cli"], input=bytes(range(256)) * 40, capture_output=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"clean-article: <stdin>: this is neither a page nor a text, but binary data\n"


def test_any_other_bytes_go_through_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "cleaner.cli"], input=bytes(range(1, 256)) * 40, capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert b"is not UTF-8" in done.stderr
    assert done.stderr.count(b"\n") == 1 or b"Traceback" not in done.stderr
    done.stdout.decode("utf-8")


# -- mojibake -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [FRENCH, RUSSIAN, ARABIC], ids=["fr", "ru", "ar"])
def test_mojibake_is_repaired_with_a_warning(shipped: cleaner.Cleaner, text: str) -> None:
    broken = wrongly_decoded(text)
    assert broken != text
    article = shipped.clean_text(page(PROSE[0], broken, PROSE[1]), language="fr")
    assert text in article.source_text, article.source_text
    assert [w for w in article.warnings if "mojibake repaired in 1 line" in w], article.warnings
    assert_tiles(article)


def test_mojibake_stays_where_repair_is_switched_off() -> None:
    broken = page(PROSE[0], wrongly_decoded(FRENCH), PROSE[1])
    article = cleaner.Cleaner(repair_mojibake=False).clean_text(broken, language="fr")
    assert article.source_text == broken
    assert article.warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        FRENCH,
        ARABIC,
        RUSSIAN,
        "ÉTÉ À ÉVIAN : « ÂGE » — ÊTRE OU NE PAS ÊTRE…",
        "São Paulo: NÃO À VIOLÊNCIA — “ÃO” ÃO",
        "Ð and Þ are letters of Icelandic: ÐÓRÐUR ÁTTI „ÞETTA“.",
        "ĐÀ NẴNG – Â, Ã và Ø là chữ cái",
        "中文“引号”——测试…",
        "’quoted’ “quoted” – dash… € 5",
        "RÉSUMÉ — ÉTÉ",
        "ÃÃÃ ÂÂÂ",
    ],
)
def test_text_that_was_decoded_rightly_is_never_touched(shipped: cleaner.Cleaner, text: str) -> None:
    article = shipped.clean_text(page(text, *PROSE, text), language="fr")
    assert article.source_text == page(text, *PROSE, text)
    assert article.warnings == ()


@given(st.lists(st.sampled_from([FRENCH, ARABIC, RUSSIAN, *PROSE, "À", "É…", "Ã", "Â «", "Ø", "’", "â", "€"]), max_size=8))
def test_no_mixture_of_right_text_is_touched(lines: list[str]) -> None:
    assert shipped_cleaner().clean_text(page(*lines)).source_text == page(*lines)


def test_one_broken_line_does_not_change_the_others(shipped: cleaner.Cleaner) -> None:
    odd = "İstanbul ﬁn … “quotes” ½ e\u0301"
    article = shipped.clean_text(page(odd, wrongly_decoded(FRENCH), odd), language="fr")
    assert article.source_text.split("\n")[0] == article.source_text.split("\n")[2] == odd


# -- language codes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["tlh", "xx", "français", "f", "1", "../../etc", "fr.txt", "lang/fr", "\x00", "\ud800"])
def test_a_language_that_does_not_exist_is_a_warning(shipped: cleaner.Cleaner, code: str) -> None:
    article = shipped.clean_text(page(HEADLINE, *PROSE), language=code)
    assert article.paragraphs == PROSE
    assert len(article.warnings) == 1
    assert "no rule file for language" in article.warnings[0]
    assert "fr" in article.warnings[0]


@pytest.mark.parametrize("url", ["", "not a url", "http://", "http://[::1", "https://" + "a." * 5000 + "com", "javascript:x", "\x00", "http://\ud800/"])
def test_no_url_raises(shipped: cleaner.Cleaner, url: str) -> None:
    assert shipped.clean_text(page(HEADLINE, *PROSE), url=url).url == url


# -- very large -------------------------------------------------------------------------------------------


MEASURE = """
import resource, sys, cleaner
kind, size = sys.argv[1], int(sys.argv[2])
made = cleaner.Cleaner()
made.clean_text("Share this article\\nLe pr\\u00e9sident a parl\\u00e9.")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
line = {line!r} + " "
if kind == "line":
    text = (line * (size // len(line) + 1))[:size]
elif kind == "letters":
    text = "a" * size
elif kind == "short":
    text = ("Home\\nShare this\\n128 comments\\n" + line.strip() + "\\n") * (size // (len(line) + 32))
else:
    text = (line.strip() + "\\n") * (size // len(line))
article = made.clean_text(text, language="en")
kept = sum(map(len, article.paragraphs)) + len(article.headline or "")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(text), kept, (peak - before) * 1024)
"""


def measured(kind: str, size: int) -> tuple[int, int, int]:
    """Clean a large text in a process of its own: its length, how much was kept, memory taken in bytes."""
    pytest.importorskip("resource")
    done = subprocess.run([sys.executable, "-c", MEASURE.replace("{line!r}", repr(PROSE[0])), kind, str(size)], capture_output=True, text=True, cwd=ROOT, check=True)
    length, kept, memory = map(int, done.stdout.split())
    return length, kept, memory


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["line", "letters"])
def test_one_enormous_line_is_cleaned(kind: str) -> None:
    length, kept, memory = measured(kind, 20_000_000)
    assert kept >= length - 1
    assert memory < 20 * length


@pytest.mark.slow
def test_fifty_megabytes_are_cleaned_in_memory_that_is_a_small_multiple() -> None:
    length, kept, memory = measured("lines", 50_000_000)
    assert kept > 0
    assert memory < 20 * length, f"{memory / length:.1f} times the input"


@pytest.mark.slow
def test_a_text_of_short_lines_takes_more_memory_but_within_bounds() -> None:
    length, kept, memory = measured("short", 10_000_000)  # 40 characters a line: Python's strings and lists of them outweigh the text
    assert kept > 0
    assert memory < 40 * length, f"{memory / length:.1f} times the input"


@pytest.mark.slow
def test_a_part_is_taken_out_of_an_enormous_line(rule_folder: Callable[[dict[str, str]], Path]) -> None:
    made = cleaner.Cleaner(rules=[rule_folder({"common.txt": rule("a", starts="Zorp blick:", inline="yes") + rule("b", contains="krull zorp", take="match")})])
    text = "Élan vital. " + (PROSE[0] + " ") * 7000 + "Zorp blick: read this. " + PROSE[1] + " They krull zorp it."
    article = made.clean_text(text, language="de")
    assert [r.text for r in article.removed] == ["Zorp blick: read this.", "krull zorp"]
    assert_tiles(article)


def test_very_many_short_lines_are_cleaned(shipped: cleaner.Cleaner) -> None:
    article = shipped.clean_text("\n".join(["Home", "Share", "0", "***", "a"] * 4000), language="en")
    assert_tiles(article)


def test_a_line_of_symbols_only_is_cleaned(shipped: cleaner.Cleaner) -> None:
    for sign in "*•|[(»«“\"' .:/-":
        assert_tiles(shipped.clean_text(page(HEADLINE, *PROSE, sign * 20_000, f"a{sign * 20_000}b"), language="en"))
