"""The embedded search index: what finds what, and that no fault, crash or second writer spoils the file."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import HEADLINE, PROSE, ROOT
from hypothesis import given
from hypothesis import strategies as st

from cleaner.index.cli import index_main, search_main
from cleaner.index.document import Document, in_batches
from cleaner.index.query import QueryError, parse
from cleaner.index.snippet import snippet
from cleaner.index.sqlite import APPLICATION, VERSION, Index, IndexProblem
from cleaner.index.words import FORM, as_words, places, words

LANGUAGES = sorted((ROOT / "fixtures" / "languages").glob("*.txt"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def doc(key: str, body: str, headline: str = "", **more: object) -> Document:
    """A document in a few words."""
    return Document(key, headline, str(more.pop("dateline", "")), body, **more)  # type: ignore[arg-type]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """An index with nothing in it."""
    with Index(tmp_path / "articles.db") as made:
        yield made


def keys(index: Index, query: str, **more: object) -> list[str]:
    """What a search finds."""
    return [hit.key for hit in index.search(query, **more)]  # type: ignore[arg-type]


# -- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("L’été dernier à Évian", "ete evian"),
        ("cafe\u0301 crème", "CAFÉ"),
        ("Die Straße nach Łódź", "strasse lodz"),
        ("Smørrebrød på Ærø", "smorrebrod aero"),
        ("İstanbul ve Iğdır", "istanbul igdir"),
        ("Ёлка в Кремле", "елка"),
        ("ارتفعت أسعار النفط اليوم", "نفط"),
        ("ارتفعت أسعار النفط اليوم", "اسعار"),
        ("قطاع نفط كبير", "النفط"),
        ("تعتمد على النفط وبالنفط والنفط", "للنفط"),
        ("مُحَمَّد في المدرســة", "محمد مدرسه"),
        ("مستشفى الجزائر", "مستشفي"),
        ("کتاب‌های ایران", "كتابهاي"),
        ("ہندوستان کے لوگ", "هندوستان"),
        ("۱۲ مارس ١٩٩٥ और १२३", "12 1995 123"),
        ("今天北京的天气很好", "天气"),
        ("東京の天気は晴れ", "天気"),
        ("佐々木さんが語った", "佐々木"),
        ("カタカナ", "ｶﾀｶﾅ"),
        ("รัฐบาลไทยประกาศวันนี้", "ไทย"),
        ("น้ำมันแพงขึ้น", "น้ำมัน"),
        ("ລັດຖະບານລາວ", "ລາວ"),
        ("รวม ๒๕๖๘ คน", "2568"),
        ("នៅភ្នំពេញ", "ភ្នំ"),
        ("ရန်ကုန်မြို့", "မြို့"),
        ("हिन्दी समाचार", "हिन्दी"),
        ("정부가 발표했다", "정부*"),
        ("Brand™ news\u00adletter", "brand newsletter"),
    ],
)
def test_a_word_is_found_however_it_is_written(index: Index, text: str, query: str) -> None:
    index.add([doc("there", text), doc("other", "Nothing of the kind stands here, 第一 ทดสอบ آخر.")])
    assert keys(index, query) == ["there"]
    assert "**" in index.search(query)[0].snippet


@pytest.mark.parametrize(("text", "query"), [("经营管理,救济", "经济"), ("天下大气", "天气"), ("أعلن الله", "له"), ("التي كانت", "تي"), ("हिन्दी", "हिन"), ("newsletters", "newsletter"), ("ألمانيا", "مانيا")])
def test_a_word_is_not_found_where_only_its_parts_are(index: Index, text: str, query: str) -> None:
    index.add([doc("there", text)])
    assert keys(index, query) == []


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_words_and_their_places_are_the_same_words(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = list(places(text))
    assert [word.form for word in found] == words(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert as_words(as_words(text)).split() == [again for word in words(text) for again in words(word)]


@given(st.text(max_size=200))
def test_any_text_becomes_words_without_spaces_or_signs(text: str) -> None:
    assert all(word and not set(word) & set(' "*()-\0\n') for word in words(text))
    assert all(word.end <= len(text) for word in places(text))


def test_the_arabic_article_is_taken_off_without_making_one_word_of_many() -> None:
    text = " ".join(path.read_text(encoding="utf-8") for path in [ROOT / "fixtures" / "languages" / "ar.txt", *ROOT.glob("fixtures/*.example/*/source.txt")])
    whole = {word for word in re.findall(r"[\u0621-\u064a]+", text)}
    forms = {words(word)[0] for word in whole if words(word)}
    assert len(whole) > 500
    assert 0.85 * len(whole) < len(forms) < len(whole)


def test_words_stay_the_same_until_their_form_is_raised() -> None:
    """If this fails, raise `FORM` in words.py, so that indexes are made anew, and write the new digest here."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in LANGUAGES)
    assert (FORM, hashlib.sha256(as_words(text).encode()).hexdigest()[:16]) == (1, "76fc60f08c815b83")


# -- queries ----------------------------------------------------------------------------------

FIVE = [
    doc("price", "The price of oil rose again on Monday.", "Oil price up"),
    doc("gas", "The gas pipeline is closed. Its price is not known."),
    doc("both", "Oil and gas: two fuels."),
    doc("reversed", "Price and oil stand here the other way round: price oil."),
    doc("pricing", "Pricing is hard."),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("oil price", {"price", "reversed"}),
        ('"oil price"', {"price"}),
        ("“oil price”", {"price"}),
        ("OIL Price", {"price", "reversed"}),
        ("oil AND gas", {"both"}),
        ("oil OR gas", {"price", "gas", "both", "reversed"}),
        ("oil price OR gas pipeline", {"price", "reversed", "gas"}),
        ("(oil OR gas) price", {"price", "reversed", "gas"}),
        ("oil -price", {"both"}),
        ("oil NOT price", {"both"}),
        ('gas -"two fuels" -oil', {"gas"}),
        ("oil -(price OR fuels)", set()),
        ("pric*", {"price", "gas", "reversed", "pricing"}),
        ('"gas pip*"', {"gas"}),
        ('"gas pip"*', {"gas"}),
        ("oil & gas!", {"both"}),
        ("oil-price", {"price"}),
        ("-- oil + gas", {"both"}),
        ("“two” ‘fuels’", {"both"}),
        ("NEAR headline:oil", set()),
        ("((((oil))))", {"price", "both", "reversed"}),
        ("nothing like that", set()),
    ],
)
def test_what_a_query_means(index: Index, query: str, found: set[str]) -> None:
    index.add(FIVE)
    assert set(keys(index, query)) == found
    assert index.count(query) == len(found)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('"oil price', "quotation marks"),
        ('oil "', "quotation marks"),
        ("", "no word to search for"),
        (" & – … *", "no word to search for"),
        ('""', "no word to search for"),
        ("*", "no word to search for"),
        ("'", "no word to search for"),
        ("\x00", "no word to search for"),
        ("\ud800", "no word to search for"),
        ("-oil", "only what is not wanted"),
        ("NOT oil", "only what is not wanted"),
        ("oil OR", "a word is missing"),
        ("OR oil", "a word is missing"),
        ("oil OR ()", "a word is missing"),
        ("oil NOT", "behind NOT"),
        ("(oil", "a ( without its )"),
        ("oil)", "a ) without its ("),
        ("(" * 9 + "oil" + ")" * 9, "nested"),
        ("(" * 9000 + "oil" + ")" * 9000, "nested"),
        ("oil " * 1001, "more than 1000 words"),
    ],
)
def test_a_query_that_cannot_be_understood_says_why(index: Index, query: str, says: str) -> None:
    for ask in (index.search, index.count):
        with pytest.raises(QueryError, match=re.escape(says)):
            ask(query)


@given(st.text(st.sampled_from("ab \"()*-+^:{}.,;'ORANDT\x00é中ا“”"), max_size=30))
def test_no_query_raises_anything_else(text: str) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (body, content='', tokenize='ascii')")
        try:
            match = parse(text).match
        except QueryError:
            return
        connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (match,)).fetchall()


def test_a_thousand_words_and_groups_within_groups_can_be_asked(index: Index) -> None:
    index.add([doc("long", " ".join(f"w{n}" for n in range(1000)))])
    assert keys(index, " ".join(f"w{n}" for n in range(1000))) == ["long"]
    assert keys(index, " OR ".join(f"w{n}" for n in range(1000))) == ["long"]
    for before in ("(zorp OR ", "(zorp w3 OR blick OR ", "w1 w2 -(zorp blick OR zorp -", "w1 w2 -(zorp blick OR zorp blick -zorp -blick -"):
        assert index.count(before * 7 + "(w7)" + ")" * 7) in (0, 1), before


# -- what comes back --------------------------------------------------------------------------


def test_a_headline_counts_more_than_a_body(index: Index) -> None:
    index.add([doc("body", "Bridge. " + PROSE[1], HEADLINE.replace("bridge", "gate")), doc("headline", "Gate. " + PROSE[1], HEADLINE)])
    found = index.search("bridge")
    assert [hit.key for hit in found] == ["headline", "body"]
    assert found[0].score > found[1].score > 0


def test_newest_first_with_those_without_a_date_last(index: Index) -> None:
    dates = {"old": datetime.date(1999, 12, 31), "none": None, "new": datetime.date(2026, 2, 1), "middle": datetime.date(2026, 1, 31)}
    index.add([doc(key, "oil " * (1 + len(key)), date=date) for key, date in dates.items()])
    assert keys(index, "oil", newest=True) == ["new", "middle", "old", "none"]
    assert keys(index, "oil", newest=True, limit=2) == ["new", "middle"]
    assert index.search("oil", newest=True)[0].date == dates["new"]


def test_one_language_only(index: Index) -> None:
    index.add([doc("fr", "une information", language="fr"), doc("en", "some information", language="en"), doc("unknown", "information")])
    assert keys(index, "information", language="fr") == ["fr"]
    assert (index.count("information", language="en"), index.count("information")) == (1, 3)
    assert index.count("information", language="' OR 1 --") == 0


def test_a_hit_holds_the_document_as_it_was_written(index: Index) -> None:
    index.add([doc("k", "« L’Été »\n\nعاد النفطُ", "Évian — l’été", dateline="ÉVIAN, 3 août", url="https://a.example/é", date=datetime.date(2026, 8, 3), language="fr")])
    (hit,) = index.search("evian")
    assert (hit.key, hit.headline, hit.dateline, hit.url, hit.date, hit.language) == ("k", "Évian — l’été", "ÉVIAN, 3 août", "https://a.example/é", datetime.date(2026, 8, 3), "fr")
    assert hit.snippet == "« L’Été » عاد النفطُ"
    assert index.search("ete نفط", marks=("<b>", "</b>"))[0].snippet == "« L’<b>Été</b> » عاد <b>النفطُ</b>"


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(index: Index, limit: int) -> None:
    with pytest.raises(ValueError, match="limit is"):
        index.search("oil", limit)


# -- snippets ---------------------------------------------------------------------------------


def test_a_snippet_is_the_passage_with_the_most_of_what_is_wanted() -> None:
    text = "Ferry first. " + " ".join(PROSE) + " The ferry to the east bank of the bridge." + " ".join(PROSE)
    shown = snippet(text, parse('ferry "east bank of the bridge"').wanted)
    assert "**ferry** to the **east bank of the bridge**" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert 150 < len(shown) < 230
    assert shown.strip("… ").replace("**", "") in text, "cut between words, and nothing changed"


def test_a_snippet_without_a_hit_is_the_beginning() -> None:
    assert snippet(PROSE[0] + PROSE[1], parse("zorp").wanted, 29) == "The council voted on Monday …"
    assert snippet("", parse("zorp").wanted) == ""
    assert snippet("Short.\n", parse("zorp").wanted) == "Short."


def test_a_snippet_of_a_text_without_spaces_is_no_longer_than_others() -> None:
    shown = snippet("今天北京的天气很好" * 500 + "经济增长" + "今天北京" * 500, parse("经济").wanted)
    assert "**经济**增长" in shown
    assert len(shown) < 230


def test_a_phrase_longer_than_a_snippet_is_shown_whole() -> None:
    shown = snippet(" ".join(PROSE), parse(f'"{PROSE[1]}"').wanted, 40)
    assert shown == f"… **{PROSE[1].rstrip('.')}** …"


@given(st.text(st.characters(exclude_characters="<>"), max_size=300), st.text(st.characters(categories=("L", "N")), min_size=1, max_size=4), st.integers(1, 100))
def test_no_snippet_raises_or_loses_a_mark(text: str, word: str, length: int) -> None:
    try:
        wanted = parse(word).wanted
    except QueryError:
        return
    shown = snippet(f"{text} {word} {text}", wanted, length, ("<<", ">>"))
    marks = re.findall("<<|>>", shown)
    assert marks == ["<<", ">>"] * (len(marks) // 2)


# -- updating ---------------------------------------------------------------------------------


def test_a_key_that_is_there_is_replaced_and_never_doubled(index: Index) -> None:
    assert index.add([doc("a", "The old text."), doc("b", "Another text.")]) == (2, 0)
    assert index.add([doc("a", "A new one.", language="en"), doc("c", "Text."), doc("c", "Text, again.")]) == (1, 2)
    assert len(index) == 3
    assert (index.count("old"), keys(index, "new"), keys(index, "again"), set(keys(index, "text"))) == (0, ["a"], ["c"], {"b", "c"})
    assert keys(index, "new", language="en") == ["a"]
    index.verify()


def test_an_article_that_stays_the_same_may_change_its_date(index: Index) -> None:
    index.add([doc("a", "Text.", date=datetime.date(2020, 1, 1))])
    assert index.add([doc("a", "Text.", date=datetime.date(2026, 1, 1))]) == (0, 1)
    assert [(hit.key, hit.date) for hit in index.search("text")] == [("a", datetime.date(2026, 1, 1))]
    index.verify()


def test_what_is_removed_is_not_found_and_leaves_nothing_behind(index: Index) -> None:
    index.add([doc(path.stem, path.read_text(encoding="utf-8")) for path in LANGUAGES])
    assert index.remove([path.stem for path in LANGUAGES] + ["nowhere"]) == len(LANGUAGES)
    assert (len(index), index.count("a* OR e* OR 1*")) == (0, 0)
    index.verify()
    with sqlite3.connect(index.path) as raw:
        raw.execute("CREATE VIRTUAL TABLE temp.left_over USING fts5vocab ('main', 'words', 'row')")
        assert raw.execute("SELECT count(*) FROM left_over").fetchone() == (0,)


def test_words_of_an_older_form_are_made_anew_before_anything_is_written(index: Index) -> None:
    index.add([doc("a", "L’été dernier"), doc("b", "L’hiver")])
    index.close()
    with sqlite3.connect(index.path) as raw:
        raw.execute("UPDATE about SET value = 0 WHERE name = 'form'")
        raw.execute("INSERT INTO words (words) VALUES ('delete-all')")
        raw.executemany("INSERT INTO words (rowid, headline, dateline, body) VALUES (?, '', '', ?)", [(1, "été"), (2, "hiver")])
    with Index(index.path) as again:
        assert keys(again, "ete") == []
        again.add([doc("b", "L’automne")])
        assert (keys(again, "ete"), keys(again, "automne"), keys(again, "hiver")) == (["a"], ["b"], [])
        again.verify()


def test_odd_signs_are_indexed_as_far_as_they_can_be(index: Index) -> None:
    index.add([doc("odd \ud800", "one\x00two \ud800 three \ufffe\U0010ffff four", "\ud800")])
    assert index.count("one two three four") == 1
    assert index.remove(["odd \ud800"]) == 1
    index.verify()


def test_an_empty_document_is_no_trouble(index: Index) -> None:
    assert index.add([doc("empty", "")]) == (1, 0)
    assert index.add([]) == (0, 0)
    index.verify()


def test_batches_end_at_a_number_and_at_a_length() -> None:
    assert [len(batch) for batch in in_batches((doc(str(n), "x") for n in range(5)), 2)] == [2, 2, 1]
    assert [len(batch) for batch in in_batches((doc(str(n), "x" * 10) for n in range(5)), 500, 20)] == [2, 2, 1]


def test_what_was_committed_stays_when_the_documents_break_off(index: Index) -> None:
    def broken() -> Iterator[Document]:
        yield from (doc(str(n), "text") for n in range(700))
        raise RuntimeError("the archive is cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        index.add(broken())
    assert len(index) == 500
    index.verify()


def test_compacting_makes_the_file_smaller_and_changes_nothing(index: Index) -> None:
    index.add([doc(f"{path.stem}{n}", path.read_text(encoding="utf-8")) for path in LANGUAGES for n in range(3)])
    index.remove([f"{path.stem}{n}" for path in LANGUAGES for n in range(2)])
    index.compact()
    small = index.path.stat().st_size
    assert small < 2.5 * sum(path.stat().st_size for path in LANGUAGES)
    assert len(index) == len(LANGUAGES)
    index.verify()


# -- several programs, and crashes ------------------------------------------------------------

WRITER = """
import sys
from cleaner.index.document import Document
from cleaner.index.sqlite import Index
path, name, first, last = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with Index(path) as index:
    print("open", flush=True)
    sys.stdin.readline()
    print(*index.add(Document(f"{name}{n}", f"Headline {n}", "", f"text of {name} " + "word%d " % (n % 97) * 60) for n in range(first, last)))
"""


def writer(path: Path, name: str, first: int, last: int) -> subprocess.Popen[str]:
    """A process that has opened the index and waits for a line before it adds documents."""
    command = [sys.executable, "-c", WRITER, str(path), name, str(first), str(last)]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    return started


def test_two_writers_at_once_both_succeed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    both = [writer(path, "one", 0, 3000), writer(path, "two", 0, 3000), writer(path, "one", 0, 3000)]
    for one in both:
        assert one.stdout
        assert one.stdout.readline() == "open\n"
    done = [one.communicate("go\n") for one in both]
    assert [one.returncode for one in both] == [0, 0, 0], done
    with Index(path) as index:
        assert (len(index), index.count("one"), index.count("two")) == (6000, 3000, 3000)
        index.verify()
    assert sum(int(out.split()[0]) for out, _ in done) == 6000, "each document was new for one writer"
    assert [p.name for p in tmp_path.iterdir()] == ["a.db"]


def test_a_reader_sees_whole_batches_while_another_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Index(path).close()
    other = writer(path, "one", 0, 4000)
    seen = set()
    with Index(path, readonly=True) as index:
        assert other.stdin
        other.stdin.write("go\n")
        other.stdin.flush()
        while other.poll() is None:
            seen.add((len(index), index.count("text")))
            time.sleep(0.01)
        seen.add((len(index), index.count("text")))
    other.communicate()
    assert all(length % 500 == 0 and count % 500 == 0 for length, count in seen)
    assert (4000, 4000) in seen


@pytest.mark.parametrize("moment", [500, 2000])
def test_a_writer_that_is_killed_leaves_whole_batches_and_running_again_completes_them(tmp_path: Path, moment: int) -> None:
    path = tmp_path / "a.db"
    first = writer(path, "one", 0, 200_000)
    assert first.stdin
    first.stdin.write("go\n")
    first.stdin.flush()
    for _ in range(6000):
        if path.exists():
            with Index(path, readonly=True) as index:
                if len(index) >= moment:
                    break
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert first.returncode == -signal.SIGKILL
    with Index(path) as index:
        there = len(index)
        assert moment <= there < 200_000
        assert (there % 500, index.count("text")) == (0, there)
        index.verify()
    again = writer(path, "one", 0, there + 700)
    assert again.communicate("go\n")[0].split("\n")[1] == f"700 {there}"
    with Index(path) as index:
        assert (len(index), index.count("text")) == (there + 700, there + 700)
        index.verify()


def test_a_writer_that_waits_too_long_says_so(index: Index) -> None:
    with sqlite3.connect(index.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with Index(index.path, wait=0.05) as waiting, pytest.raises(IndexProblem, match=r"articles\.db: another program has been writing"):
            waiting.add([doc("a", "text")])
        other.execute("ROLLBACK")
    assert index.add([doc("a", "text")]) == (1, 0)
    other.close()


def test_a_full_disk_is_said_and_what_was_committed_stays(index: Index) -> None:
    index.add([doc("a", "text")])
    index._connection.execute(f"PRAGMA max_page_count = {index._connection.execute('PRAGMA page_count').fetchone()[0] + 20}")
    with pytest.raises(IndexProblem, match=r"articles\.db: the disk is full; what was committed before stays"):
        index.add(doc(str(n), "text " * 300) for n in range(2000))
    assert (len(index), keys(index, "text")) == (1, ["a"])
    index._connection.execute("PRAGMA max_page_count = 1000000")
    assert index.add(doc(str(n), "text " * 300) for n in range(2000)) == (2000, 0)
    index.verify()
