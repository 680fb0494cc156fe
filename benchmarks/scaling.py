"""What it costs to clean very many pages: pages a second and core, and what each engine adds.

    python benchmarks/scaling.py ../shared/corpora [--pages 600] [--engines plain,isolated,spark,...]
    python benchmarks/scaling.py --cost PAGES_A_SECOND [--archive 1.35e9] [--month 11.7e6] [--price 0.0425] [--machines 20] [--cores 16]

The pages are those of the corpora (see `benchmarks/README.md`), taken evenly, in Parquet files of 50 rows. Each engine
runs in a process of its own, with two workers where it has any, first with 60 other pages, then with these 60 and the pages: the
difference of CPU seconds, all of its processes together, is what a page costs. Wall-clock times would say more of what else
the machine does; only the seconds until an engine is ready are such.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Job = Callable[[str], int]


def write_pages(corpora: Path, folder: Path, number: int, first: int = 0) -> int:
    """Parquet files with some of the corpora's pages; returns how many there are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = []
    for corpus in sorted(corpora.iterdir()):
        if (corpus / "html").is_dir():
            for line in (corpus / "pages.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n"):
                page = json.loads(line)
                path = corpus / "html" / f"{page['id']}.html.gz"
                if path.is_file():
                    found.append({"id": page["id"], "url": page.get("url"), "html": path})
    chosen = found[first :: max(1, len(found) // number)][:number]
    rows = [{**row, "html": gzip.decompress(row["html"].read_bytes())} for row in chosen]
    schema = pa.schema([("id", pa.string()), ("url", pa.string()), ("html", pa.binary())])
    for start in range(0, len(rows), 50):
        pq.write_table(pa.Table.from_pylist(rows[start : start + 50], schema=schema), folder / f"{start // 50:04}.parquet")
    print(f"{len(rows)} pages, {sum(len(row['html']) for row in rows) / len(rows) / 1000:.0f} kB each")
    return len(rows)


def plain(isolate: bool = False, jobs: int = 1) -> Job:
    import pyarrow.parquet as pq

    from cleaner.arrow import clean_batch

    return lambda folder: sum(clean_batch(pq.read_table(path), isolate=isolate, jobs=jobs).num_rows for path in sorted(Path(folder).iterdir()))


def spark() -> Job:
    from pyspark.sql import SparkSession

    from cleaner.engines.spark import clean

    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    builder: Any = SparkSession.builder
    session = builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.sql.files.maxPartitionBytes", "8m").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return lambda folder: len(clean(session.read.parquet(folder)).select("id", "text").collect())


def ray() -> Job:
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0"}
    import ray as engine

    from cleaner.engines.ray import clean

    engine.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", object_store_memory=500 << 20, log_to_driver=False, logging_level="error")
    engine.data.DataContext.get_current().enable_progress_bars = False
    return lambda folder: len(clean(engine.data.read_parquet(folder), rows=50).select_columns(["id", "text"]).take_all())


def datatrove() -> Job:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import JsonlWriter

    from cleaner.engines.datatrove import ArticleCleaner

    def job(folder: str) -> int:
        with tempfile.TemporaryDirectory() as out:
            reader = ParquetReader(folder, text_key="html", adapter=_decoded)
            steps = [reader, ArticleCleaner(drop_empty=False), JsonlWriter(out)]
            stats = LocalPipelineExecutor(steps, tasks=2, workers=2, logging_dir=out + "/logs", start_method="fork").run()
            return int(stats.stats[1].stats["total"].total)

    return job


def _decoded(reader: Any, data: dict[str, Any], path: str, number: int | str) -> dict[str, Any]:
    return {"text": data["html"].decode("utf-8", "replace"), "id": data["id"], "metadata": {"url": data["url"]}}


def dask() -> Job:
    from dask.distributed import Client

    client = Client(n_workers=2, threads_per_worker=1, dashboard_address=None)
    return lambda folder: sum(client.gather(client.map(_rows, sorted(map(str, Path(folder).iterdir())), pure=False)))


def _rows(path: str) -> int:
    import pyarrow.parquet as pq

    from cleaner.arrow import clean_batch

    return int(clean_batch(pq.read_table(path), isolate=True).num_rows)


def polars() -> Job:
    import polars as engine

    from cleaner.arrow import clean_batch

    return lambda folder: sum(engine.from_arrow(clean_batch(frame.to_arrow())).height for frame in engine.scan_parquet(folder).collect_batches(chunk_size=50))


def duckdb() -> Job:
    import duckdb as engine

    from cleaner.arrow import clean_batch

    return lambda folder: sum(clean_batch(batch).num_rows for batch in engine.sql(f"from '{folder}/*.parquet'").to_arrow_reader(50))


def datasets() -> Job:
    import datasets as engine

    from cleaner.arrow import clean_batch

    engine.disable_progress_bars()

    def job(folder: str) -> int:
        with tempfile.TemporaryDirectory() as cache:
            read = engine.load_dataset("parquet", data_files=sorted(map(str, Path(folder).iterdir())), split="train", cache_dir=cache)
            return len(read.with_format("arrow").map(clean_batch, batched=True, batch_size=50, remove_columns=read.column_names, num_proc=2))

    return job


ENGINES: dict[str, tuple[Callable[[], Job], int]] = {
    "plain": (plain, 1),
    "isolated": (lambda: plain(True), 1),
    "isolated-2": (lambda: plain(True, 2), 2),
    "polars": (polars, 1),
    "duckdb": (duckdb, 1),
    "datasets": (datasets, 2),
    "dask": (dask, 2),
    "datatrove": (datatrove, 2),
    "ray": (ray, 2),
    "spark": (spark, 2),
}
"""How each is made ready, and how many workers it has."""


def one(engine: str, *folders: str) -> None:
    """How many pages the last folder's job did, and the wall-clock seconds until the engine could begin, as a line of JSON."""
    start = time.perf_counter()
    job = ENGINES[engine][0]()
    ready = time.perf_counter() - start
    done = [job(folder) for folder in folders]
    print(json.dumps([done[-1], ready]), flush=True)


def run(engine: str, *folders: str) -> tuple[int, float, float]:
    """Pages done, seconds until ready, and the CPU seconds of the engine with all its processes, which are waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, __file__, "--one", engine, *folders], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    pages, ready = json.loads(done.stdout.splitlines()[-1])
    return pages, ready, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(corpora: Path, number: int, engines: list[str]) -> None:
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: what an engine leaves behind comes to us
    with tempfile.TemporaryDirectory() as warm, tempfile.TemporaryDirectory() as folder:
        few = write_pages(corpora, Path(warm), 60, 1)
        pages = write_pages(corpora, Path(folder), number)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print(f"engine      workers  ready s  CPU s for {few} pages  CPU ms a page  beyond plain  pages/s and core")
        base = 0.0
        for engine in engines:
            done, ready, first = run(engine, warm)
            both, _, second = run(engine, warm, folder)
            assert (done, both) == (few, pages), f"{engine} did {done} of {few} and {both} of {pages}"
            each = 1000 * (second - first) / pages
            base = base or each
            print(f"{engine:10} {ENGINES[engine][1]:8} {ready:8.1f} {first:19.1f} {each:14.1f} {each - base:+13.1f} {1000 / each:17.1f}", flush=True)


def cost(speed: float, archive: float, month: float, price: float, machines: int, cores: int) -> None:
    """Core hours, hours and dollars for an archive and for a month of it."""
    for name, pages in (("the archive", archive), ("a month", month)):
        hours = pages / speed / 3600
        print(f"{name}: {pages:,.0f} pages / {speed:g} pages a second and core / 3600 = {hours:,.0f} core hours; x ${price:g} = ${hours * price:,.2f}; ", end="")
        print(f"{machines} machines of {cores} cores: {hours / machines / cores:,.2f} hours")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path, nargs="?")
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--cost", type=float, metavar="PAGES_A_SECOND", help="only the arithmetic")
    parser.add_argument("--archive", type=float, default=1.35e9, help="pages of the whole archive")
    parser.add_argument("--month", type=float, default=11.7e6, help="pages of a month")
    parser.add_argument("--price", type=float, default=0.0425, help="dollars a core and hour")
    parser.add_argument("--machines", type=int, default=20)
    parser.add_argument("--cores", type=int, default=16)
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(*args.one)
    elif args.cost:
        cost(args.cost, args.archive, args.month, args.price, args.machines, args.cores)
    elif args.corpora:
        compare(args.corpora, args.pages, args.engines.split(","))
    else:
        parser.error("name the folder of the corpora, or --cost")


if __name__ == "__main__":
    main()
