"""The recipes of docs/engines.md (Dask, Daft, Polars, DuckDB, Hugging Face datasets), in each engine's workers and with a document that kills."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, page

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.arrow import clean_batch, output_schema
from cleaner.batch.pool import Limits

LARGE = "".join(f"The council voted on day {day} to close the old bridge for repairs, and drivers will have to take the long way round.\n" for day in range(150_000))
"""Takes more than 150 MB."""
LIMITS = Limits(megabytes=150)
KEYS = ["a", "large", "b", "c"]
ERRORS = [None, "memory: needed more than 150 MB, the limit of memory", None, None]
HEADLINES = [HEADLINE, None, HEADLINE, HEADLINE]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Four documents in two files; the second takes too much memory."""
    path = tmp_path_factory.mktemp("pages")
    texts = {key: LARGE if key == "large" else page(HEADLINE, *PROSE) for key in KEYS}
    for number in range(2):
        keys = KEYS[2 * number : 2 * number + 2]
        pq.write_table(pa.table({"id": keys, "text": [texts[key] for key in keys], "language": ["en"] * 2}), path / f"{number}.parquet")
    return str(path)


def cleaned(table: Any) -> Any:
    """As the recipes do it, within limits."""
    return clean_batch(table, isolate=True, limits=LIMITS)


def _file(path: str) -> tuple[int, list[dict[str, Any]]]:
    return os.getpid(), cleaned(pq.read_table(path)).select(["id", "headline", "error"]).to_pylist()


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two workers of Dask's, which are processes (and daemons) of their own."""
    distributed = pytest.importorskip("dask.distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True) as made,
        distributed.Client(made) as client,
    ):
        yield client


def test_dask_s_workers_clean_files(cluster: Any, folder: str) -> None:
    done = cluster.gather(cluster.map(_file, sorted(map(str, Path(folder).iterdir()))))
    found = [row for _, rows in done for row in rows]
    assert [row["id"] for row in found] == KEYS
    assert [row["error"] for row in found] == ERRORS
    assert [row["headline"] for row in found] == HEADLINES
    assert os.getpid() not in {process for process, _ in done}


def test_polars_takes_frames_and_lazy_batches(folder: str) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(cleaned(polars.read_parquet(folder).to_arrow()))
    assert frame["error"].to_list() == ERRORS
    assert frame["headline"].to_list() == HEADLINES
    batches = [polars.from_arrow(cleaned(batch.to_arrow())) for batch in polars.scan_parquet(folder).collect_batches(chunk_size=1, maintain_order=True)]
    assert polars.concat(batches)["id"].to_list() == KEYS


def test_duckdb_reads_and_takes_streams(folder: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    pages = duckdb.connect().sql(f"from '{folder}/*.parquet' order by id = 'slow', id").to_arrow_reader(2)
    stream = pa.RecordBatchReader.from_batches(output_schema(), map(cleaned, pages))
    other = duckdb.connect()
    other.register("stream", stream)
    assert other.sql("select error, count(*) from stream group by 1 order by 1 nulls first").fetchall() == [(None, 3), (ERRORS[1], 1)]


def test_daft_calls_it_for_a_column(folder: str) -> None:
    daft = pytest.importorskip("daft")

    @daft.func.batch(return_dtype=daft.DataType.from_arrow_type(pa.struct(list(output_schema()))))
    def to_article(text: Any, language: Any) -> Any:
        found = cleaned(pa.table({"text": text.to_arrow(), "language": language.to_arrow()}))
        return daft.Series.from_arrow(pa.concat_arrays(found.to_struct_array().chunks))

    frame = daft.read_parquet(f"{folder}/*.parquet")
    found = frame.with_column("article", to_article(frame["text"], frame["language"])).to_pydict()
    errors = dict(zip(found["id"], (article["error"] for article in found["article"]), strict=True))
    assert errors == dict(zip(KEYS, ERRORS, strict=True))


@pytest.mark.parametrize("processes", [None, 2])
def test_hugging_face_datasets_map_it(folder: str, processes: int | None, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    pages = datasets.load_dataset("parquet", data_dir=folder, split="train", cache_dir=str(tmp_path))
    options = {"isolate": True, "limits": LIMITS}
    found = pages.with_format("arrow").map(clean_batch, batched=True, batch_size=2, remove_columns=pages.column_names, fn_kwargs=options, num_proc=processes).with_format(None)
    assert list(found["id"]) == KEYS
    assert list(found["error"]) == ERRORS
    assert list(found["headline"]) == HEADLINES
