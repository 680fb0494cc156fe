"""Articles in Haystack: the converter and the preprocessor in real pipelines, written to YAML and read back."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule

pytest.importorskip("haystack")

from haystack import Document, Pipeline
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ByteStream
from haystack.document_stores.in_memory import InMemoryDocumentStore

import cleaner
from cleaner.pipelines.haystack import ArticleCleaner, ArticleConverter

PATH = ROOT / "fixtures/apnews.com/wire-2023/source.html"
PAGE = PATH.read_bytes()
URL = "https://apnews.com/article/grain-barges-river-00000000000000000000000000000002"
TEXT = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
NOTHING = "<html><body><nav><a href='/'>Home</a></nav></body></html>"
COMPONENTS = (ArticleCleaner, ArticleConverter)
MakeFolder = Callable[[dict[str, str]], Path]


def run(made: Any, **inputs: Any) -> list[Document]:
    """The documents that a pipeline of one component gives."""
    pipeline = Pipeline()
    pipeline.add_component("article", made)
    found: list[Document] = pipeline.run({"article": inputs})["article"]["documents"]
    return found


# -- the converter -----------------------------------------------------------------------------


def test_paths_and_byte_streams_become_documents_of_articles() -> None:
    found = run(ArticleConverter(), sources=[str(PATH), PATH, ByteStream(PAGE, meta={"url": URL}), ByteStream.from_string(TEXT)])
    assert [d.content for d in found] == [cleaner.clean(PAGE).text, cleaner.clean(PAGE).text, cleaner.clean(PAGE, URL).text, cleaner.clean_text(TEXT).text]
    assert found[2].content != found[1].content, "the site's rules took more"


def test_bytes_are_decoded_as_the_page_says() -> None:
    data = TEXT.join(["<html><head><meta charset=windows-1252></head><body><article><p>", "</article>"]).replace("\n", "<p>").encode("cp1252", "replace")
    (found,) = run(ArticleConverter(), sources=[ByteStream(data)])
    assert found.content == cleaner.clean(data).text
    assert "maraîchers" in found.content


def test_metadata_of_the_source_of_the_call_and_of_the_article_come_together() -> None:
    (found,) = run(ArticleConverter(), sources=[ByteStream.from_string(TEXT, meta={"a": 1, "b": 1})], meta={"b": 2, "language": "fr-CA"})
    article = cleaner.clean_text(TEXT)
    assert article.dateline
    said = {"headline": article.headline, "dateline": article.dateline.text, "authors": "Élise Montagnac", "date": "2024-03-14"}
    assert found.meta == {"a": 1, "b": 2, "language": "fr-CA", **said}


def test_metadata_may_be_one_a_source_and_must_be_as_many() -> None:
    found = run(ArticleConverter(), sources=[ByteStream.from_string(TEXT)] * 2, meta=[{"n": 1}, {"n": 2}])
    assert [d.meta["n"] for d in found] == [1, 2]
    with pytest.raises(ValueError, match="must match"):
        ArticleConverter().run(sources=[PATH], meta=[{}, {}])


def test_the_file_s_name_is_kept_and_its_whole_path_if_that_is_asked_for() -> None:
    assert run(ArticleConverter(), sources=[PATH])[0].meta["file_path"] == "source.html"
    assert run(ArticleConverter(store_full_path=True), sources=[PATH])[0].meta["file_path"] == str(PATH)


def test_sources_that_hold_no_article_or_cannot_be_read_are_skipped_and_the_log_says_so(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with caplog.at_level(logging.WARNING):
        found = run(ArticleConverter(), sources=[tmp_path / "none.html", tmp_path, ByteStream(b""), ByteStream(NOTHING.encode()), PATH])
    assert [d.content for d in found] == [cleaner.clean(PAGE).text]
    said = [record.getMessage() for record in caplog.records if record.name.startswith("cleaner.")]
    assert len(said) == 4
    assert "No such file" in said[0]
    assert "the text is empty" in said[2]
    assert "no article found" in said[3]


def test_sources_that_hold_no_article_may_become_documents_of_their_raw_text() -> None:
    found = run(ArticleConverter(drop_empty=False), sources=[ByteStream(NOTHING.encode("utf-16"))])
    assert [d.content for d in found] == [NOTHING]
    assert found[0].meta["cleaner_warnings"].startswith("no article found")


# -- the preprocessor --------------------------------------------------------------------------


def test_documents_of_pages_and_texts_become_documents_of_articles() -> None:
    found = run(ArticleCleaner(output="body"), documents=[Document(content=PAGE.decode(), meta={"url": URL}), Document(content=TEXT)])
    assert [d.content for d in found] == [cleaner.clean(PAGE, URL).body, cleaner.clean_text(TEXT).body]


def test_ids_are_made_from_the_new_content_unless_they_are_to_be_kept() -> None:
    before = Document(content=TEXT)
    (made,), (kept,) = run(ArticleCleaner(), documents=[before]), run(ArticleCleaner(keep_id=True), documents=[before])
    assert made.id == Document(content=made.content, meta=made.meta).id != before.id
    assert kept.id == before.id


def test_the_documents_that_came_in_are_not_changed() -> None:
    before = Document(content=TEXT, meta={"a": [1]})
    run(ArticleCleaner(keep_removed=True), documents=[before])
    assert before == Document(content=TEXT, meta={"a": [1]})


def test_a_document_without_an_article_passes_unchanged_or_is_dropped() -> None:
    documents = [Document(content=NOTHING, meta={"a": 1}), Document(content=TEXT), Document(content="")]
    kept = run(ArticleCleaner(), documents=documents)
    assert [d.content for d in kept] == [NOTHING, cleaner.clean_text(TEXT).text, ""]
    assert kept[0].meta["a"] == 1
    assert kept[0].meta["cleaner_warnings"].startswith("no article found")
    assert [d.content for d in run(ArticleCleaner(drop_empty=True), documents=documents)] == [cleaner.clean_text(TEXT).text]


def test_a_document_of_an_image_passes_as_it_is() -> None:
    image = Document(blob=ByteStream(b"\x89PNG"))
    assert run(ArticleCleaner(drop_empty=True), documents=[image]) == [image]


def test_what_was_removed_is_told_if_it_is_asked_for() -> None:
    (found,) = run(ArticleCleaner(keep_removed=True), documents=[Document(content=TEXT)])
    removed = cleaner.clean_text(TEXT).removed
    assert removed
    assert found.meta["cleaner_removed"] == [{"text": r.text, "label": r.label, "rule": r.rule} for r in removed]


def test_what_is_no_list_of_documents_is_refused() -> None:
    with pytest.raises(TypeError, match="list of Documents"):
        ArticleCleaner().run(documents=Document(content=TEXT))


# -- both --------------------------------------------------------------------------------------


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("options", [{"output": "markdown"}, {"rules": "my-rules"}, {"rules": ["no such folder"]}, {"language": 5}, {"language": ""}, {"drop_empty": "perhaps"}])
def test_wrong_options_are_refused_when_it_is_made(component: Any, options: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=r"output|rules|folder|language|drop_empty"):
        component(**options)


@pytest.mark.parametrize("component", COMPONENTS)
def test_it_can_be_written_down_and_read_back(component: Any, rule_folder: MakeFolder) -> None:
    made = component(rules=[rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})], language="en", output="body", keep_removed=True, drop_empty=True)
    again = component.from_dict(made.to_dict())
    assert again.to_dict() == made.to_dict()
    assert made.to_dict()["init_parameters"].items() >= {"language": "en", "output": "body", "keep_removed": True, "drop_empty": True}.items()
    again.warm_up()
    text = page(HEADLINE, "Zorp blick", *PROSE)
    given = {"documents": [Document(content=text)]} if component is ArticleCleaner else {"sources": [ByteStream.from_string(text)]}
    assert again.run(**given)["documents"][0].content == "\n\n".join(PROSE)


def test_an_indexing_pipeline_goes_to_yaml_and_back_and_fills_a_store() -> None:
    pipeline = Pipeline()
    pipeline.add_component("converter", ArticleConverter(output="body"))
    pipeline.add_component("cleaner", ArticleCleaner(output="body"))
    pipeline.add_component("splitter", DocumentSplitter(split_by="passage", split_length=1))
    pipeline.add_component("writer", DocumentWriter(InMemoryDocumentStore(index="articles")))
    pipeline.connect("converter", "cleaner")
    pipeline.connect("cleaner", "splitter")
    pipeline.connect("splitter", "writer")
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=["cleaner.*"])
    before, after = pipeline.to_dict(), again.to_dict()
    assert after["components"] == before["components"]
    assert sorted(map(str, after["connections"])) == sorted(map(str, before["connections"]))
    again.run({"converter": {"sources": [ByteStream.from_string(TEXT)]}})
    store = again.get_component("writer").document_store
    assert [d.content.strip() for d in store.filter_documents()] == list(cleaner.clean_text(TEXT).paragraphs)


def test_without_haystack_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['haystack'] = None; import cleaner.pipelines.haystack"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ImportError: cleaner.pipelines.haystack needs a package that is not installed: pip install 'cleaner[haystack]'" in done.stderr
