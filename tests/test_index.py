"""The embedded search index: what finds what, and that no fault, crash or second writer spoils the file."""

from __future__ import annotations

import datetime
import doctest
import hashlib
import importlib
import json
import os
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule, shipped_cleaner, small_disk
from hypothesis import given
from hypothesis import strategies as st

from cleaner.index import words as index_words
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


@pytest.mark.parametrize(
    ("text", "query"),
    [("经营管理,救济", "经济"), ("天下大气", "天气"), ("أعلن الله", "له"), ("التي كانت", "تي"), ("हिन्दी", "हिन"), ("newsletters", "newsletter"), ("ألمانيا", "مانيا")],
)
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
    whole = set(re.findall(r"[\u0621-\u064a]+", text))
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


def test_a_very_long_text_is_looked_at_as_far_as_a_million_characters(index: Index) -> None:
    index.add([doc("long", "blick " * 170_000 + "zorp")])
    assert index.search("zorp")[0].snippet.startswith("blick blick")
    assert index.search("blick")[0].snippet.startswith("**blick** **blick**")


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
from cleaner.index.cli import index_main, search_main
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


# -- files that are no index, or cannot be used -----------------------------------------------


def other_database(path: Path, application: int = 0, version: int = 0) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
        other.execute(f"PRAGMA application_id = {application}")
        other.execute(f"PRAGMA user_version = {version}")
    other.close()


NOT_OURS = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "text": (lambda path: path.write_text("Dear diary, " * 100, encoding="utf-8"), "is no SQLite database"),
    "beginning": (lambda path: path.write_bytes(b"SQLite format 3\0" + b"\0" * 20), "is no SQLite database"),
    "other": (other_database, "is a database of another program"),
    "named": (lambda path: other_database(path, 252006673, 7), "is a database of another program"),
    "newer": (lambda path: other_database(path, APPLICATION, VERSION + 1), "was made by a newer version of cleaner"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "pipe": (os.mkfifo, "is no ordinary file"),
}


@pytest.mark.parametrize("readonly", [False, True])
@pytest.mark.parametrize("kind", NOT_OURS)
def test_a_file_that_is_no_index_of_ours_is_named_and_left_as_it_is(tmp_path: Path, kind: str, readonly: bool) -> None:
    path = tmp_path / "mine.db"
    make, says = NOT_OURS[kind]
    make(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(IndexProblem, match=rf"mine\.db: {says}"):
        Index(path, readonly=readonly)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.db"]
    assert not path.is_file() or path.read_bytes() == before


def test_an_index_whose_words_are_of_a_newer_form_is_left_as_it_is(index: Index) -> None:
    index.close()
    with sqlite3.connect(index.path) as raw:
        raw.execute("UPDATE about SET value = ? WHERE name = 'form'", (FORM + 1,))
    raw.close()
    with pytest.raises(IndexProblem, match=r"articles\.db: was made by a newer version"):
        Index(index.path)


def test_the_file_says_whose_it_is(index: Index) -> None:
    index.close()
    header = index.path.read_bytes()[:100]
    assert struct.unpack(">I4xI", header[60:72]) == (VERSION, APPLICATION)
    assert header[18:20] == b"\x02\x02", "write-ahead log"


def test_an_index_that_is_not_there_is_not_made_by_searching(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match=r"a\.db: there is no such file; make the index first"):
        Index(tmp_path / "a.db", readonly=True)
    with pytest.raises(IndexProblem, match=r"a\.db: cannot be made: No such file or directory"):
        Index(tmp_path / "nowhere" / "a.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", [4096, 9 * 4096])
def test_a_damaged_index_says_so(index: Index, place: int) -> None:
    index.add([doc(str(n), " ".join(PROSE)) for n in range(200)])
    index.close()
    data = bytearray(index.path.read_bytes())
    data[place : place + 3 * 4096] = b"\xa5" * (3 * 4096)
    index.path.write_bytes(data)
    with pytest.raises(IndexProblem, match=r"articles\.db: .*delete the file"), Index(index.path) as damaged:
        damaged.verify()


def test_a_truncated_index_says_so(index: Index) -> None:
    index.add([doc(str(n), " ".join(PROSE)) for n in range(200)])
    index.close()
    os.truncate(index.path, 5 * 4096)
    with pytest.raises(IndexProblem, match=r"articles\.db: .*delete the file"), Index(index.path) as damaged:
        damaged.verify()


def test_two_tables_that_do_not_agree_are_damage(index: Index) -> None:
    index.add([doc("a", "text"), doc("b", "text")])
    index._connection.execute("DELETE FROM documents WHERE key = 'a'")
    with pytest.raises(IndexProblem, match="do not hold the same documents"):
        index.verify()


def as_nobody(folder: Path, use: Callable[[], object]) -> str:
    """What `use` raises or returns when it is run by a user without rights, who may enter the folder."""
    for one in (folder, *folder.parents[:3]):
        if os.geteuid() == 0 and not one.stat().st_mode & 0o001:
            one.chmod(one.stat().st_mode | 0o011)
    reader, sender = os.pipe()
    child = os.fork()
    if not child:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        try:
            said = repr(use())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(sender, said.encode())
        os._exit(0)
    os.close(sender)
    with open(reader, encoding="utf-8") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def found_by(path: Path) -> Callable[[], list[str]]:
    def use() -> list[str]:
        with Index(path, readonly=True) as index:
            return keys(index, "text")

    return use


@pytest.fixture
def closed(index: Index) -> Path:
    """The path of an index with one document."""
    index.add([doc("a", "text")])
    index.close()
    return index.path


def test_an_index_without_the_right_to_read_says_so(closed: Path) -> None:
    closed.chmod(0)
    assert as_nobody(closed.parent, found_by(closed)) == f"IndexProblem: {closed}: cannot be read: Permission denied; change its rights"


def test_an_index_without_the_right_to_write_is_searched_but_not_written(closed: Path) -> None:
    closed.chmod(0o444)
    closed.parent.chmod(0o777)
    assert as_nobody(closed.parent, found_by(closed)) == "['a']"
    assert as_nobody(closed.parent, lambda: Index(closed)).startswith(f"IndexProblem: {closed}: may not be written to; change its rights")


def test_an_index_in_a_folder_without_the_right_to_write_is_searched_but_not_written(closed: Path) -> None:
    closed.chmod(0o666)
    closed.parent.chmod(0o555)
    assert as_nobody(closed.parent, found_by(closed)) == "['a']"
    assert as_nobody(closed.parent, lambda: Index(closed)).startswith(f"IndexProblem: {closed}: its folder may not be written to")
    assert as_nobody(closed.parent, lambda: Index(closed.parent / "new.db")).startswith(f"IndexProblem: {closed.parent / 'new.db'}: cannot be made: Permission denied")
    closed.parent.chmod(0o755)
    assert [p.name for p in closed.parent.iterdir()] == ["articles.db"]


# -- the commands -----------------------------------------------------------------------------

PAGE = ROOT / "fixtures" / "courrier-du-sud.example" / "retenues-d-eau" / "source.txt"


def command(capsys: pytest.CaptureFixture[str], run: Callable[[list[str]], int], *args: object) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    status = run([str(arg) for arg in args])
    out, err = capsys.readouterr()
    return status, out, err


def test_pages_are_cleaned_indexed_and_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = tmp_path / "a.db"
    assert command(capsys, index_main, PAGE, "--db", db) == (0, "", f"clean-article: {db}: 1 new, 0 replaced, 0 failed; 1 in all\n")
    assert command(capsys, index_main, PAGE, "--db", db) == (0, "", f"clean-article: {db}: 0 new, 1 replaced, 0 failed; 1 in all\n")
    status, out, err = command(capsys, search_main, "--db", db, "retenues", "d'eau")
    assert (status, err) == (0, "1 of 1\n")
    first, facts, shown = out.splitlines()
    assert first.startswith("1. ")
    assert facts == f"   2024-03-14 · fr · {PAGE}"
    assert "**retenues** creusées" in shown


def test_what_is_removed_is_found_only_where_pages_are_indexed_raw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n\n".join([HEADLINE, *PROSE, "Subscribe to our newsletter"])
    (tmp_path / "page.txt").write_text(text, encoding="utf-8")
    assert command(capsys, index_main, tmp_path / "page.txt", "--db", tmp_path / "clean.db")[0] == 0
    assert command(capsys, index_main, tmp_path / "page.txt", "--db", tmp_path / "raw.db", "--raw")[0] == 0
    assert command(capsys, search_main, "--db", tmp_path / "clean.db", "newsletter") == (1, "", "0 of 0\n")
    status, out, _ = command(capsys, search_main, "--db", tmp_path / "raw.db", "newsletter")
    assert (status, "our **newsletter**" in out) == (0, True)
    assert out.splitlines()[0] == f"1. {HEADLINE}", "only the body is raw"


@pytest.mark.parametrize("style", ["json", "jsonl"])
def test_hits_are_printed_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], style: str) -> None:
    with Index(tmp_path / "a.db") as index:
        index.add([doc(f"k{n}", "le texte", f"Titre {n}", date=datetime.date(2026, 1, n), language="fr", url=f"https://a.example/{n}") for n in range(1, 5)])
    status, out, err = command(capsys, search_main, "--db", tmp_path / "a.db", "texte", "--newest", "--limit", 2, "--format", style, "--language", "fr")
    hits = json.loads(out)["hits"] if style == "json" else [json.loads(line) for line in out.splitlines()]
    assert (status, err) == (0, "")
    assert [hit["key"] for hit in hits] == ["k4", "k3"]
    assert hits[0] | {"score": 0} == {
        "key": "k4", "headline": "Titre 4", "dateline": "", "snippet": "le **texte**", "score": 0, "url": "https://a.example/4", "date": "2026-01-04", "language": "fr",
    }  # fmt: skip
    if style == "json":
        assert (json.loads(out)["query"], json.loads(out)["count"]) == ("texte", 4)


def test_an_input_that_fails_is_named_and_the_others_are_indexed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = tmp_path / "in.jsonl"
    good = [json.dumps({"id": f"n{n}", "text": f"{HEADLINE}\n\n{PROSE[n]}\n\n{PROSE[n + 1]}"}) for n in range(2)]
    lines.write_text("\n".join([good[0], "{broken", good[1], '{"title": "no text"}', '{"id": "nothing", "text": ""}']), encoding="utf-8")
    status, out, err = command(capsys, index_main, lines, tmp_path / "nowhere.txt", "--db", tmp_path / "a.db", "--language", "en")
    assert (status, out) == (1, "")
    said = err.splitlines()
    assert said[0].startswith(f"clean-article: {lines}: record 2: ")
    assert said[1].startswith(f"clean-article: {lines}: record 4: ")
    assert said[2].startswith(f"clean-article: {lines}: record 5: no article was found")
    assert said[3].startswith(f"clean-article: {tmp_path / 'nowhere.txt'}: ")
    assert said[4:] == [f"clean-article: {tmp_path / 'a.db'}: 2 new, 0 replaced, 1 empty, 3 failed; 2 in all"]
    with Index(tmp_path / "a.db", readonly=True) as index:
        assert set(keys(index, "bridge", language="en")) == {"n0", "n1"}


def test_what_the_command_wrote_itself_is_indexed_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = subprocess.run([sys.executable, "-m", "cleaner.cli", "--format", "jsonl", "--url", "https://a.example/x", str(PAGE)], capture_output=True, check=True, env=ENVIRONMENT)
    (tmp_path / "out.jsonl").write_bytes(made.stdout)
    assert command(capsys, index_main, tmp_path / "out.jsonl", "--db", tmp_path / "made.db")[0] == 0
    data = json.loads(made.stdout)
    with Index(tmp_path / "made.db") as index:
        (hit,) = index.search(f'"{data["headline"]}"')
        assert (hit.key, hit.headline, hit.url, hit.language) == ("https://a.example/x", data["headline"], "https://a.example/x", "fr")
        assert (hit.dateline, str(hit.date)) == ("Sainte-Aure, 14 mars 2024 (Courrier du Sud) –", "2024-03-14")
        assert all(index.count('"' + paragraph.replace('"', " ") + '"') == 1 for paragraph in data["paragraphs"] if words(paragraph))


def test_a_cleaned_line_may_speak_of_newsletters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = {"source": "a.html", "id": "a.html", "headline": "Press", "dateline": None, "paragraphs": ["Subscribe to our newsletter"], "text": "x"}
    line["published"] = "2026-03-04T05:06:07+00:00"
    (tmp_path / "out.jsonl").write_text(json.dumps(line), encoding="utf-8")
    assert command(capsys, index_main, tmp_path / "out.jsonl", "--db", tmp_path / "a.db")[0] == 0
    with Index(tmp_path / "a.db") as index:
        assert [(hit.key, hit.date) for hit in index.search("newsletter")] == [("a.html", datetime.date(2026, 3, 4))]


def test_two_texts_through_a_pipe_do_not_replace_each_other(tmp_path: Path) -> None:
    code = "import sys; from cleaner.index.cli import index_main; sys.exit(index_main(sys.argv[1:]))"
    run = [sys.executable, "-c", code, "--db", str(tmp_path / "a.db"), "--language", "en"]
    for text in (PROSE[0], PROSE[1], PROSE[0]):
        done = subprocess.run(run, input=text.encode(), env=ENVIRONMENT, capture_output=True, check=True)
    assert done.stderr.decode().endswith("0 new, 1 replaced, 0 failed; 2 in all\n")


@pytest.mark.parametrize(("args", "says"), [(["oil", '"'], "quotation marks"), (["-oil"], "usage"), (["oil", "--limit", "0"], "usage"), (["&"], "no word")])
def test_a_wrong_search_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str) -> None:
    Index(tmp_path / "a.db").close()
    try:
        status = search_main(["--db", str(tmp_path / "a.db"), *args])
    except SystemExit as stopped:
        status = stopped.code  # type: ignore[assignment]
    assert (status, says in capsys.readouterr().err) == (2, True)


def test_a_bad_database_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.db").write_text("Dear diary", encoding="utf-8")
    for run, args in ((search_main, ["oil"]), (index_main, [PAGE])):
        status, out, err = command(capsys, run, "--db", tmp_path / "a.db", *args)
        assert (status, out, f"clean-article: {tmp_path / 'a.db'}: is no SQLite database" in err) == (2, "", True)
    assert (tmp_path / "a.db").read_text(encoding="utf-8") == "Dear diary"


def test_faulty_rules_are_status_2_and_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str], rule_folder: Callable[[dict[str, str]], Path]) -> None:
    status, _, err = command(capsys, index_main, PAGE, "--db", tmp_path / "a.db", "--rules", rule_folder({"common.txt": "rule: x\nzorp: y\n"}))
    assert (status, "common.txt:" in err, (tmp_path / "a.db").exists()) == (2, True, False)


def test_own_rules_are_used(tmp_path: Path, capsys: pytest.CaptureFixture[str], rule_folder: Callable[[dict[str, str]], Path]) -> None:
    (tmp_path / "a.txt").write_text(page(HEADLINE, *PROSE, "Zorp blick"), encoding="utf-8")
    rules = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    assert command(capsys, index_main, tmp_path / "a.txt", "--db", tmp_path / "a.db", "--rules", rules, "--language", "en")[0] == 0
    with Index(tmp_path / "a.db") as index:
        assert (index.count("zorp"), index.count("shopkeepers")) == (0, 1)


def test_a_full_disk_is_told_what_was_committed_stays_and_indexing_again_completes_it(tmp_path: Path) -> None:
    lines = [{"id": f"d{n}", "headline": f"Bridge {n} to close", "dateline": None, "paragraphs": list(PROSE), "text": "x"} for n in range(3000)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    command = f"{sys.executable} -m cleaner.cli index in.jsonl --db disk/a.db"
    script = f"""
        {command} && exit 9
        test $? = 2
        {sys.executable} -m cleaner.cli search --db disk/a.db bridge --limit 1 > before
        mount -o remount,size=60m disk
        {command}
        cp disk/a.db whole.db
    """
    done = small_disk(tmp_path, 4000, script, ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert "full" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "before").read_text(encoding="utf-8").startswith("1. Bridge")
    told = [int(line.rsplit("; ", 1)[1].split(" ")[0].replace(",", "")) for line in done.stderr.splitlines() if line.endswith(" in all")]
    assert told[0] % 500 == 0
    assert 0 < told[0] < told[1] == 3000
    with Index(tmp_path / "whole.db") as index:
        index.verify()
        assert index.count("bridge") == 3000


# -- the page and the demonstration -----------------------------------------------------------

DOCS = ROOT / "docs" / "indexing.md"


@pytest.mark.skipif(os.name == "nt", reason="the page's commands are for a POSIX shell")
def test_the_page_s_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "clean-article").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cleaner.cli "$@"\n', encoding="utf-8")
    (tmp_path / "bin" / "clean-article").chmod(0o755)
    environment = {**ENVIRONMENT, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    shown = re.findall(r"```sh\n(clean-article .*?)```\n\n(?:```text\n(.*?)```)?", DOCS.read_text(encoding="utf-8"), re.S)
    assert len(shown) >= 4
    for commands, expected in shown:
        done = subprocess.run(["sh", "-ec", commands], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        printed = re.sub(r'"score": [\d.]+', '"score": 0', done.stdout.decode("utf-8"))
        assert done.returncode == 0, printed
        for line in re.sub(r'"score": [\d.]+', '"score": 0', expected).splitlines():
            assert line in printed.splitlines(), commands


def test_the_page_s_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failures, tried = doctest.testfile(str(DOCS), module_relative=False)
    assert tried > 5
    assert not failures


def test_the_examples_of_the_words_run() -> None:
    failures, tried = doctest.testmod(index_words)
    assert tried
    assert not failures


def test_cleaning_makes_searches_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    demo = importlib.import_module("search_demo")
    made = demo.made_pages(90)
    truth, raw, cleaned = demo.build(tmp_path, made, shipped_cleaner())
    rows = {query: demo.compare(query, truth, raw, cleaned) for query in demo.queries(made)}
    told = demo.report(list(rows.values()), truth, raw, cleaned)
    newsletter, ticker, absent, small_print = rows.values()
    assert (newsletter.true, newsletter.cleaned.hits, newsletter.cleaned.precision) == (2, 2, 1.0), told
    assert (newsletter.raw.hits, newsletter.raw.precision) == (90, 0.1), told
    assert (ticker.true, ticker.cleaned.hits, ticker.raw.hits) == (1, 1, 90), told
    for row in (absent, small_print):
        assert (row.true, row.cleaned.hits, row.raw.hits) == (0, 0, 90), told
    assert cleaned.path.stat().st_size < 0.8 * raw.path.stat().st_size
    for index in (truth, raw, cleaned):
        index.close()


def test_the_demonstration_measures_its_speed() -> None:
    run = [sys.executable, str(ROOT / "benchmarks" / "search_demo.py")]
    done = subprocess.run([*run, "--speed", "600"], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert done.stdout.startswith("600 documents of ")
    assert "harbour" in done.stdout
