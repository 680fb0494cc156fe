"""Articles in spaCy: cleaned texts through `nlp.pipe`, and `Doc`s that know their article. Blank models only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule

pytest.importorskip("spacy")

import spacy
from spacy.language import Language
from spacy.tokens import DocBin

import cleaner
from cleaner.pipelines.spacy import docs, texts

PAGE = (ROOT / "fixtures/apnews.com/wire-2023/source.html").read_bytes()
URL = "https://apnews.com/article/grain-barges-river-00000000000000000000000000000002"
TEXT = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
NOTHING = "<html><body><nav><a href='/'>Home</a></nav></body></html>"
MakeFolder = Callable[[dict[str, str]], Path]


@pytest.fixture(scope="module")
def nlp() -> Language:
    """A blank pipeline that finds sentences."""
    made = spacy.blank("xx")
    made.add_pipe("sentencizer")
    return made


def test_cleaned_texts_go_through_a_pipe_with_their_context(nlp: Language) -> None:
    pages = [(PAGE, {"url": URL, "n": 1}), TEXT]
    found = list(nlp.pipe(texts(pages), as_tuples=True))
    assert [doc.text for doc, _ in found] == [cleaner.clean(PAGE, URL).text, cleaner.clean_text(TEXT).text]
    assert found[0][0].text != cleaner.clean(PAGE).text, "the site's rules took more"
    assert found[0][1].items() >= {"url": URL, "n": 1, "headline": cleaner.clean(PAGE).headline, "language": "en"}.items()
    article = cleaner.clean_text(TEXT)
    assert article.dateline
    assert found[1][1] == {"headline": article.headline, "dateline": article.dateline.text, "authors": "Élise Montagnac", "date": "2024-03-14", "language": "fr"}


def test_docs_know_their_article(nlp: Language) -> None:
    (doc,) = docs(nlp, [(TEXT, {"n": 1, "language": "fr-CA"})], output="body")
    assert doc.text == cleaner.clean_text(TEXT).body
    assert (doc._.article["headline"], doc._.article["n"], doc._.article["language"]) == (cleaner.clean_text(TEXT).headline, 1, "fr-CA")
    assert len(list(doc.sents)) > 1


def test_the_article_goes_with_a_doc_that_is_saved(nlp: Language) -> None:
    saved = DocBin(docs=docs(nlp, [TEXT], keep_removed=True), store_user_data=True).to_bytes()
    (doc,) = DocBin().from_bytes(saved).get_docs(spacy.blank("xx").vocab)
    assert doc._.article["date"] == "2024-03-14"
    removed = cleaner.clean_text(TEXT).removed
    assert removed
    assert list(doc._.article["cleaner_removed"]) == [{"text": r.text, "label": r.label, "rule": r.rule} for r in removed]


def test_worker_processes_tokenise_what_was_cleaned(nlp: Language) -> None:
    found = docs(nlp, [TEXT, PAGE, TEXT], n_process=2, batch_size=1)
    assert [(doc.text, doc._.article["language"]) for doc in found] == [(a.text, a.language) for a in (cleaner.clean_text(TEXT), cleaner.clean(PAGE), cleaner.clean_text(TEXT))]


def test_a_page_without_an_article_passes_unchanged_or_is_dropped(nlp: Language) -> None:
    pages = [(NOTHING.encode("utf-16"), {"n": 1}), TEXT, ""]
    kept = list(docs(nlp, pages))
    assert [doc.text for doc in kept] == [NOTHING, cleaner.clean_text(TEXT).text, ""]
    assert kept[0]._.article["n"] == 1
    assert kept[0]._.article["cleaner_warnings"].startswith("no article found")
    assert kept[2]._.article == {"cleaner_warnings": "the text is empty"}
    assert [doc.text for doc in docs(nlp, pages, drop_empty=True)] == [cleaner.clean_text(TEXT).text]


def test_what_is_no_page_at_all_does_not_stop_the_others(nlp: Language) -> None:
    pages: Any = [None, TEXT]
    found = list(docs(nlp, pages))
    assert [doc.text for doc in found] == ["", cleaner.clean_text(TEXT).text]
    assert found[0]._.article == {"cleaner_warnings": "not cleaned: TypeError: the content is NoneType, not str or bytes"}
    assert len(list(docs(nlp, pages, drop_empty=True))) == 1


def test_a_text_that_is_too_long_for_spacy_does_not_stop_the_others() -> None:
    short = spacy.blank("xx")
    short.max_length = 2_000
    long = page(HEADLINE, *PROSE * 5)
    with pytest.raises(ValueError, match="maximum"):
        list(short.pipe(texts([long]), as_tuples=True))
    found = list(docs(short, [long, TEXT]))
    assert [doc.text for doc in found] == ["", cleaner.clean_text(TEXT).text]
    assert "nlp.max_length is 2,000" in found[0]._.article["cleaner_warnings"]
    assert len(list(docs(short, [long, TEXT], drop_empty=True))) == 1


def test_contexts_that_came_in_are_not_changed(nlp: Language) -> None:
    context = {"url": URL}
    list(docs(nlp, [(PAGE, context)]))
    assert context == {"url": URL}


def test_pages_are_taken_one_after_the_other() -> None:
    taken = []

    def pages() -> Iterator[str]:
        for number in range(3):
            taken.append(number)
            yield TEXT

    next(texts(pages()))
    assert taken == [0]


def test_rules_of_the_user_s_own_apply(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    ((text, _),) = texts([page(HEADLINE, "Zorp blick", *PROSE)], rules=[folder], language="en")
    assert text == "\n\n".join([HEADLINE, *PROSE])


@pytest.mark.parametrize("options", [{"output": "markdown"}, {"rules": "my-rules"}, {"rules": ["no such folder"]}, {"language": 5}, {"language": ""}, {"drop_empty": "perhaps"}])
def test_wrong_options_are_refused_before_anything_is_read(nlp: Language, options: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=r"output|rules|folder|language|drop_empty"):
        texts([], **options)
    with pytest.raises((TypeError, ValueError), match=r"output|rules|folder|language|drop_empty"):
        docs(nlp, [], **options)


def test_without_spacy_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['spacy'] = None; import cleaner.pipelines.spacy"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ImportError: cleaner.pipelines.spacy needs a package that is not installed: pip install 'cleaner[spacy]'" in done.stderr
