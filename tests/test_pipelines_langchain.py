"""Articles in LangChain: the transformer in its own framework, alone, awaited, in a chain, written down and read back."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule

pytest.importorskip("langchain_core")

from langchain_core.documents import BaseDocumentTransformer, Document
from langchain_core.load import dumps, loads
from langchain_core.runnables import RunnableLambda

import cleaner
from cleaner.pipelines.langchain import ArticleTransformer

PAGE = (ROOT / "fixtures/apnews.com/wire-2023/source.html").read_text(encoding="utf-8")
URL = "https://apnews.com/article/grain-barges-river-00000000000000000000000000000002"
TEXT = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
NOTHING = "<html><body><nav><a href='/'>Home</a></nav></body></html>"
MakeFolder = Callable[[dict[str, str]], Path]


def test_it_is_a_document_transformer_as_langchain_has_them() -> None:
    assert isinstance(ArticleTransformer(), BaseDocumentTransformer)


def test_pages_and_texts_become_articles_in_their_order() -> None:
    found = ArticleTransformer().transform_documents([Document(PAGE), Document(TEXT)])
    assert [d.page_content for d in found] == [cleaner.clean(PAGE).text, cleaner.clean_text(TEXT).text]


def test_the_body_alone_comes_out_if_that_is_asked_for() -> None:
    assert ArticleTransformer(output="body").transform_documents([Document(TEXT)])[0].page_content == cleaner.clean_text(TEXT).body


def test_metadata_stays_and_gets_what_the_article_says() -> None:
    (found,) = ArticleTransformer().transform_documents([Document(TEXT, id="7", metadata={"title": "T", "pages": 3})])
    article = cleaner.clean_text(TEXT)
    assert article.dateline
    assert found.id == "7"
    assert found.metadata == {
        "title": "T",
        "pages": 3,
        "headline": article.headline,
        "dateline": article.dateline.text,
        "authors": "Élise Montagnac",
        "date": "2024-03-14",
        "language": "fr",
    }


def test_what_a_document_s_metadata_says_already_is_not_overwritten() -> None:
    (found,) = ArticleTransformer().transform_documents([Document(TEXT, metadata={"language": "fr-CA", "headline": "Mine"})])
    assert (found.metadata["language"], found.metadata["headline"]) == ("fr-CA", "Mine")


@pytest.mark.parametrize("field", ["url", "source"])
def test_the_address_in_the_metadata_chooses_the_site_s_rules(field: str) -> None:
    (found,) = ArticleTransformer().transform_documents([Document(PAGE, metadata={field: URL})])
    assert found.page_content == cleaner.clean(PAGE, URL).text
    assert found.page_content != cleaner.clean(PAGE).text


def test_a_source_that_is_a_path_is_no_address() -> None:
    (found,) = ArticleTransformer().transform_documents([Document(PAGE, metadata={"source": "/data/apnews.com/a.html", "url": 5})])
    assert found.page_content == cleaner.clean(PAGE).text


def test_what_was_removed_is_told_if_it_is_asked_for() -> None:
    (found,) = ArticleTransformer(keep_removed=True).transform_documents([Document(TEXT)])
    removed = cleaner.clean_text(TEXT).removed
    assert removed
    assert found.metadata["cleaner_removed"] == [{"text": r.text, "label": r.label, "rule": r.rule} for r in removed]


def test_the_documents_that_came_in_are_not_changed() -> None:
    before = Document(TEXT, metadata={"a": [1]})
    ArticleTransformer().transform_documents([before])
    assert before == Document(TEXT, metadata={"a": [1]})


def test_a_document_without_an_article_passes_unchanged_with_the_reason() -> None:
    found = ArticleTransformer().transform_documents([Document(NOTHING, metadata={"a": 1}), Document(""), Document(TEXT)])
    assert [d.page_content for d in found[:2]] == [NOTHING, ""]
    assert found[0].metadata["a"] == 1
    assert found[0].metadata["cleaner_warnings"].startswith("no article found")
    assert found[1].metadata == {"cleaner_warnings": "the text is empty"}
    assert found[2].page_content == cleaner.clean_text(TEXT).text


def test_a_document_without_an_article_is_dropped_if_that_is_asked_for() -> None:
    found = ArticleTransformer(drop_empty=True).transform_documents([Document(NOTHING), Document(TEXT), Document("")])
    assert [d.page_content for d in found] == [cleaner.clean_text(TEXT).text]


def test_cleaning_a_second_time_forgets_the_first_time_s_warnings() -> None:
    (found,) = ArticleTransformer().transform_documents([Document(TEXT, metadata={"cleaner_warnings": "old", "cleaner_removed": []})])
    assert not {"cleaner_warnings", "cleaner_removed"} & set(found.metadata)


def test_rules_of_the_user_s_own_apply(rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    found = ArticleTransformer(rules=[folder], language="en").transform_documents([Document(page(HEADLINE, "Zorp blick", *PROSE))])
    assert found[0].page_content == "\n\n".join([HEADLINE, *PROSE])


@pytest.mark.parametrize(
    "options",
    [{"output": "markdown"}, {"rules": "my-rules"}, {"rules": ["no such folder"]}, {"rules": [3]}, {"language": 5}, {"language": ""}, {"langage": "fr"}, {"drop_empty": "perhaps"}],
)
def test_wrong_options_are_refused_when_it_is_made(options: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=r"output|rules|folder|PathLike|language|langage|drop_empty"):
        ArticleTransformer(**options)


def test_the_documents_may_be_awaited() -> None:
    documents = [Document(PAGE, metadata={"source": URL}), Document(TEXT)]
    assert asyncio.run(ArticleTransformer().atransform_documents(documents)) == ArticleTransformer().transform_documents(documents)


def test_it_is_a_link_of_a_chain_also_one_that_is_awaited() -> None:
    chain = RunnableLambda(lambda text: [Document(text)]) | ArticleTransformer() | RunnableLambda(lambda found: found[0].page_content)
    assert chain.invoke(TEXT) == cleaner.clean_text(TEXT).text
    assert asyncio.run(chain.ainvoke(TEXT)) == cleaner.clean_text(TEXT).text
    assert chain.batch([TEXT, PAGE]) == [cleaner.clean_text(TEXT).text, cleaner.clean(PAGE).text]


def test_a_loader_s_documents_are_taken_one_after_the_other() -> None:
    taken = []

    def load() -> Iterator[Document]:
        for number in range(3):
            taken.append(number)
            yield Document(TEXT)

    found = iter(ArticleTransformer().lazy_transform_documents(load()))
    next(found)
    assert taken == [0]


@pytest.mark.filterwarnings("ignore:.*beta")
def test_it_can_be_written_down_and_read_back(rule_folder: MakeFolder) -> None:
    made = ArticleTransformer(rules=[rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})], language="fr", output="body", keep_removed=True, drop_empty=True)
    assert loads(dumps(made), allowed_objects=[ArticleTransformer], valid_namespaces=["cleaner"]) == made


def test_it_survives_pickling() -> None:
    made = ArticleTransformer(language="fr")
    assert pickle.loads(pickle.dumps(made)).transform_documents([Document(TEXT)]) == made.transform_documents([Document(TEXT)])


def test_without_langchain_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['langchain_core'] = None; import cleaner.pipelines.langchain"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ImportError: cleaner.pipelines.langchain needs a package that is not installed: pip install 'cleaner[langchain]'" in done.stderr
