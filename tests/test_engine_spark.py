"""Articles in Spark: the real engine in local mode, two workers, one of them killed, and documents that kill."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import HEADLINE, PROSE, ROOT, page, rule
from killing import is_ours, one_killed, processes

pytest.importorskip("pyspark")

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType, BinaryType, StringType

import cleaner
from cleaner.batch.pool import Limits
from cleaner.batch.records import Fields
from cleaner.engines.spark import clean, schema

URL = "https://apnews.com/article/grain-barges-river-00000000000000000000000000000002"
PAGE = (ROOT / "fixtures/apnews.com/wire-2023/source.html").read_text(encoding="utf-8")
TEXT = (ROOT / "fixtures/courrier-du-sud.example/retenues-d-eau/source.txt").read_text(encoding="utf-8")
LARGE = "".join(f"The council voted on day {day} to close the old bridge for repairs, and drivers will have to take the long way round.\n" for day in range(300_000))
"""Takes more than half a minute, and more than 150 MB."""
MakeFolder = Callable[[dict[str, str]], Path]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Two workers; a task may be tried four times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        builder: Any = SparkSession.builder
        folder = tmp_path_factory.mktemp("spark")
        settings = {"spark.ui.enabled": "false", "spark.local.dir": str(folder), "spark.sql.warehouse.dir": str(folder), "spark.driver.memory": "1g"}
        for name, value in settings.items():
            builder = builder.config(name, value)
        session: SparkSession = builder.master("local[2,4]").getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


def rows(frame: DataFrame) -> list[dict[str, Any]]:
    """The rows, as plain data."""
    return [row.asDict(recursive=True) for row in frame.collect()]


def test_a_row_is_what_the_article_says(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("a", PAGE, URL), ("b", TEXT, None)], "id string, text string, url string")
    web, plain = rows(clean(frame))
    article, told = cleaner.clean(PAGE, URL), cleaner.clean_text(TEXT)
    assert (web["id"], web["url"], web["headline"], web["text"], web["error"]) == ("a", URL, article.headline, article.text, None)
    assert (web["authors"], web["warnings"]) == (list(article.authors), list(article.warnings))
    assert told.dateline
    assert (plain["dateline"]["date"], plain["dateline"]["place"], plain["text"]) == (told.dateline.date, told.dateline.place, told.text)


def test_the_columns_have_spark_s_types_and_those_that_are_kept_their_own(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(bytearray(PAGE.encode()), {"k": 1}, 2)], "html binary, m map<string,int>, n tinyint not null")
    cleaned = clean(frame, keep=["m", "n"], removed=True)
    assert cleaned.schema == schema(frame, removed=True, keep=["m", "n"])
    assert cleaned.columns[:2] == ["m", "n"]
    assert cleaned.schema["m"] == frame.schema["m"]
    assert isinstance(frame.schema["html"].dataType, BinaryType)
    assert isinstance(cleaned.schema["warnings"].dataType, ArrayType)
    assert isinstance(cleaned.schema["error"].dataType, StringType)
    (row,) = rows(cleaned)
    assert (row["m"], row["n"], row["text"]) == ({"k": 1}, 2, cleaner.clean(PAGE.encode()).text)
    assert [r["rule"] for r in row["removed"]] == [r.rule for r in cleaner.clean(PAGE.encode()).removed]


def test_partitions_and_the_order_of_their_rows_stay(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(n, f"{HEADLINE} {n}\n{PROSE[n % 4]}") for n in range(40)], "id int, text string").repartition(5)
    before = [row["id"] for row in frame.collect()]
    cleaned = clean(frame)
    assert cleaned.rdd.getNumPartitions() == 5
    found = rows(cleaned)
    assert [int(row["id"]) for row in found] == before
    assert [row["headline"] for row in found] == [f"{HEADLINE} {n}" for n in before]


def test_a_null_is_the_row_s_error(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("a", None), ("b", TEXT)], "id string, text string")
    assert [row["error"] for row in rows(clean(frame))] == ["no-text: the column text is null", None]


def test_rules_of_the_user_s_own_apply(spark: SparkSession, rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": rule("zorp", is_="Zorp blick")})
    frame = spark.createDataFrame([(page(HEADLINE, "Zorp blick", *PROSE), "en")], "seite string, language string")
    (row,) = rows(clean(frame, rules=[folder], fields=Fields.named(content="seite")))
    assert row["text"] == "\n\n".join([HEADLINE, *PROSE])


def test_faulty_rules_fail_the_job_with_what_is_wrong(spark: SparkSession, rule_folder: MakeFolder) -> None:
    folder = rule_folder({"common.txt": "rule: x\nlabel: nonsense\n"})
    with pytest.raises(PySparkException, match="nonsense"):
        clean(spark.createDataFrame([("a",)], "text string"), rules=[folder]).collect()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"fields": Fields.named(content="seite")}, ValueError, "none of the columns seite; it has text, body"),
        ({"keep": ["day"]}, ValueError, "no column day to keep"),
        ({"keep": ["body"]}, ValueError, "body are columns of the output"),
        ({"kind": "pdf"}, ValueError, "kind is 'pdf'"),
        ({"rules": "rules"}, TypeError, "rules is a list"),
    ],
)
def test_wrong_arguments_are_refused_before_the_job_begins(spark: SparkSession, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        clean(spark.createDataFrame([("a", "b")], "text string, body string"), **options)


# -- documents that kill, workers that are killed --------------------------------------------------------


def test_a_document_that_takes_too_much_memory_becomes_an_error_row(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("a", TEXT, "fr"), ("b", LARGE, "en"), ("c", TEXT, "fr")], "id string, text string, language string").repartition(1)
    found = sorted(rows(clean(frame, limits=Limits(seconds=60, megabytes=150))), key=lambda row: row["id"])
    assert [row["error"] for row in found] == [None, "memory: needed more than 150 MB, the limit of memory", None]
    assert [row["text"] for row in found] == [cleaner.clean_text(TEXT).text, None, cleaner.clean_text(TEXT).text]


def is_spark_s(command: str) -> bool:
    """Whether this is a Python worker of Spark."""
    return "pyspark.daemon" in command


def failed_tasks(spark: SparkSession, group: str) -> int:
    """How many tries of tasks failed in a group of jobs, as Spark itself says."""
    tracker = spark.sparkContext.statusTracker()
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group)]
    stages = [tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds]
    return sum(stage.numFailedTasks for stage in stages if stage)


def test_a_worker_that_is_killed_costs_neither_rows_nor_doubles(spark: SparkSession) -> None:
    """As soon as a process of ours appears for this job its worker is killed; a document that takes too much memory is there too."""
    texts = [("large", LARGE, "en"), *((str(n), f"{HEADLINE} {n}\n{PROSE[n % 4]}", "en") for n in range(60))]
    frame = spark.createDataFrame(spark.sparkContext.parallelize(texts, 2), "id string, text string, language string")
    spark.sparkContext.setJobGroup("killed", "a worker is killed")
    with one_killed(is_spark_s) as killed:
        found = rows(clean(frame, limits=Limits(megabytes=150)))
    spark.sparkContext.setJobGroup("others", "no worker is killed")
    assert killed, "no worker was killed"
    assert failed_tasks(spark, "killed") == 1, "the worker had no work when it was killed"
    assert sorted(row["id"] for row in found) == sorted(key for key, _, _ in texts)
    errors = {row["id"]: row["error"] for row in found if row["error"]}
    assert errors == {"large": "memory: needed more than 150 MB, the limit of memory"}
    assert {row["id"]: row["headline"] for row in found if not row["error"]} == {str(n): f"{HEADLINE} {n}" for n in range(60)}
    worker, child = killed[0]
    assert worker not in processes()
    assert not is_ours(child), "the killed worker's process is still there"


def test_without_pyspark_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['pyspark'] = None; import cleaner.engines.spark"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ImportError: cleaner.engines.spark needs a package that is not installed: pip install 'cleaner[spark]'" in done.stderr
