"""Articles in LlamaIndex: the transform in a real ingestion pipeline, with its cache, its document store and its worker processes."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule

pytest.importorskip("llama_index.core")

from llama_index.core.ingestion import DocstoreStrategy, IngestionCache, IngestionPipeline
from llama_index.core.ingestion.pipeline import get_transformation_hash
from llama_index.core.node_parser import TokenTextSplitter
from llama_index.core.schema import Document, ImageNode, MediaResource, MetadataMode, TextNode
from llama_index.core.storage.docstore import SimpleDocumentStore

import cleaner
from cleaner.pipelines.llama_index import ArticleTransform

PAGE = (ROOT / "fixtures/apnews.com/wire-2023/source.html").read_text(encoding="utf-8")
URL = "https://apnews.com/article/grain-barges-river-00000000000000000000000000000002"
TEXT = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
NOTHING = "<html><body><nav><a href='/'>Home</a></nav></body></html>"
MakeFolder = Callable[[dict[str, str]], Path]


def contents(nodes: Any) -> list[str]:
    """The texts of nodes, without metadata."""
    return [node.get_content(metadata_mode=MetadataMode.NONE) for node in nodes]


def pipeline(*more: Any, **options: Any) -> IngestionPipeline:
    """A pipeline that begins with the transform."""
    return IngestionPipeline(transformations=[ArticleTransform(**options), *more])


def test_pages_and_texts_become_articles_in_their_order() -> None:
    found = pipeline().run(documents=[Document(text=PAGE), Document(text=TEXT)], nodes=[TextNode(text=TEXT)])
    assert contents(found) == [cleaner.clean(PAGE).text, cleaner.clean_text(TEXT).text, cleaner.clean_text(TEXT).text]


def test_what_the_splitter_cuts_is_the_article() -> None:
    found = pipeline(TokenTextSplitter(chunk_size=100, chunk_overlap=0, tokenizer=str.split), output="body").run(documents=[Document(text=TEXT, id_="a")])
    assert len(found) > 1
    assert "".join("".join(contents(found)).split()) == "".join(cleaner.clean_text(TEXT).body.split())
    assert {node.ref_doc_id for node in found} == {"a"}
    assert {node.metadata["headline"] for node in found} == {cleaner.clean_text(TEXT).headline}


def test_metadata_stays_and_gets_what_the_article_says() -> None:
    (found,) = pipeline().run(documents=[Document(text=TEXT, id_="a", metadata={"file_name": "a.txt", "language": "fr-CA"})])
    article = cleaner.clean_text(TEXT)
    assert article.dateline
    assert found.id_ == "a"
    assert found.metadata == {
        "file_name": "a.txt",
        "language": "fr-CA",
        "headline": article.headline,
        "dateline": article.dateline.text,
        "authors": "Élise Montagnac",
        "date": "2024-03-14",
    }


@pytest.mark.parametrize("field", ["url", "source"])
def test_the_address_in_the_metadata_chooses_the_site_s_rules(field: str) -> None:
    found = pipeline().run(documents=[Document(text=PAGE, metadata={field: URL})])
    assert contents(found) == [cleaner.clean(PAGE, URL).text]
    assert contents(found) != [cleaner.clean(PAGE).text]


def test_what_the_transform_notes_is_neither_embedded_nor_shown_to_a_model() -> None:
    found = pipeline(keep_removed=True).run(documents=[Document(text=TEXT), Document(text=NOTHING)])
    assert found[0].metadata["cleaner_removed"][0]["text"]
    assert found[1].metadata["cleaner_warnings"].startswith("no article found")
    for node in found:
        for mode in (MetadataMode.EMBED, MetadataMode.LLM):
            assert "cleaner_" not in node.get_content(metadata_mode=mode)
    assert "headline" in found[0].get_content(metadata_mode=MetadataMode.EMBED)


def test_the_documents_that_came_in_are_not_changed() -> None:
    before = Document(text=TEXT, id_="a", metadata={"a": 1})
    ArticleTransform(keep_removed=True)([before])
    assert before == Document(text=TEXT, id_="a", metadata={"a": 1})


def test_a_document_without_an_article_passes_unchanged_or_is_dropped() -> None:
    documents = [Document(text=NOTHING), Document(text=TEXT), Document(text="")]
    kept = pipeline().run(documents=documents)
    assert contents(kept) == [NOTHING, cleaner.clean_text(TEXT).text, ""]
    assert kept[2].metadata == {"cleaner_warnings": "the text is empty"}
    assert contents(pipeline(drop_empty=True).run(documents=documents)) == [cleaner.clean_text(TEXT).text]


def test_pictures_and_sounds_pass_as_they_are() -> None:
    others = [ImageNode(image="AAAA"), Document(audio_resource=MediaResource(data=b"AAAA"))]
    assert list(ArticleTransform(drop_empty=True)(others)) == others


def test_rules_of_the_user_s_own_apply(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    found = pipeline(rules=[folder], language="en").run(documents=[Document(text=page(HEADLINE, "Zorp blick", *PROSE))])
    assert contents(found) == ["\n\n".join([HEADLINE, *PROSE])]


@pytest.mark.parametrize(
    "options", [{"output": "markdown"}, {"rules": "my-rules"}, {"rules": ["no such folder"]}, {"language": 5}, {"language": ""}, {"langage": "fr"}, {"drop_empty": "perhaps"}]
)
def test_wrong_options_are_refused_when_it_is_made(options: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=r"output|rules|folder|language|langage|drop_empty"):
        ArticleTransform(**options)


def test_a_second_run_takes_its_nodes_from_the_cache(tmp_path: Path) -> None:
    documents = [Document(text=TEXT, id_="a")]
    first = pipeline(language="fr")
    first.run(documents=documents)
    first.cache.persist(str(tmp_path / "cache.json"))
    second = pipeline(language="fr")
    second.cache = IngestionCache.from_persist_path(str(tmp_path / "cache.json"))
    key = get_transformation_hash(documents, second.transformations[0])
    assert contents(second.cache.get(key) or []) == [cleaner.clean_text(TEXT).text]
    second.cache.put(key, [TextNode(text="from the cache")])
    assert contents(second.run(documents=documents)) == ["from the cache"]
    assert get_transformation_hash(documents, ArticleTransform(language="fr", output="body")) != key


def test_the_cache_s_key_is_the_same_in_every_process_and_changes_with_the_rules(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    code = f"from cleaner.pipelines.llama_index import ArticleTransform as A; print(A(rules=[{str(folder)!r}]).to_dict())"

    def key() -> str:
        return subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()

    before = str(ArticleTransform(rules=[folder]).to_dict())
    assert key() == before
    (folder / "common.txt").write_text(rule("zorp", is_="Zorp black"), encoding="utf-8")
    assert key() != before


def test_it_can_be_written_down_and_read_back() -> None:
    made = ArticleTransform(language="fr", output="body", keep_removed=True, drop_empty=True)
    assert ArticleTransform.from_dict(made.to_dict()) == made
    assert ArticleTransform.from_json(made.to_json()) == made
    assert pickle.loads(pickle.dumps(made)) == made


def test_worker_processes_clean_too() -> None:
    documents = [Document(text=TEXT, id_="a"), Document(text=PAGE, id_="b", metadata={"url": URL}), Document(text="", id_="c")]
    found = pipeline().run(documents=documents, num_workers=2)
    assert {node.id_: node.get_content(metadata_mode=MetadataMode.NONE) for node in found} == {"a": cleaner.clean_text(TEXT).text, "b": cleaner.clean(PAGE, URL).text, "c": ""}


def test_the_documents_may_be_awaited() -> None:
    assert contents(asyncio.run(pipeline().arun(documents=[Document(text=TEXT)]))) == [cleaner.clean_text(TEXT).text]


def test_a_document_store_knows_a_page_again_that_it_has_seen_raw() -> None:
    made = IngestionPipeline(transformations=[ArticleTransform()], docstore=SimpleDocumentStore(), docstore_strategy=DocstoreStrategy.DUPLICATES_ONLY)
    assert len(made.run(documents=[Document(text=TEXT, id_="a")])) == 1
    assert len(made.run(documents=[Document(text=TEXT, id_="a")])) == 0
    assert len(made.run(documents=[Document(text=TEXT + "\nMore.", id_="a")])) == 1


def test_without_llama_index_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['llama_index'] = None; import cleaner.pipelines.llama_index"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ImportError: cleaner.pipelines.llama_index needs a package that is not installed: pip install 'cleaner[llama-index]'" in done.stderr
