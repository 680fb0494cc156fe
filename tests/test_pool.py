"""Processes that documents may kill: what they were at is told, everything else is done, in order."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT

from cleaner.batch.pool import Broken, Limits, Pool

EXITS, SLEEPS, GROWS, RAISES, KILLED, CLINGS = 13, 17, 19, 23, 29, 31


def doubling(flag: str = ".") -> Callable[[int], int]:
    """A function that doubles numbers, except for those that do harm."""

    def work(number: int) -> int:
        if number == EXITS:
            os._exit(3)
        if number == SLEEPS:
            time.sleep(100)
        if number == GROWS:
            return len(bytearray(3 << 30))
        if number == RAISES:
            raise ValueError("no such number")
        if number == KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == CLINGS and not Path(flag).exists():
            Path(flag).touch()
            os._exit(1)
        return 2 * number

    return work


def unable() -> Callable[[int], int]:
    """A function that cannot be built."""
    raise ValueError("the rules have faults")


def dying() -> Callable[[int], int]:
    """A function whose processes die before they begin."""
    os._exit(5)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
@pytest.mark.parametrize("jobs", [1, 3])
def test_what_does_harm_is_told_and_everything_else_is_done_in_order(jobs: int) -> None:
    with Pool(jobs, doubling, limits=Limits(seconds=1, megabytes=500)) as pool:
        results = list(pool.map(range(60)))
    assert [item for item, _ in results] == list(range(60))
    broken = {item: (result.kind, str(result)) for item, result in results if isinstance(result, Broken)}
    assert broken == {
        EXITS: ("killed", "its process died, with status 3, and so did the next one that tried"),
        SLEEPS: ("time", "took more than 1 seconds, the limit of time"),
        GROWS: ("memory", "needed more than 500 MB, the limit of memory"),
        RAISES: ("ValueError", "no such number"),
        KILLED: ("killed", "its process died, by signal SIGKILL, and so did the next one that tried"),
    }
    assert all(result == 2 * item for item, result in results if item not in broken)


def test_an_item_whose_process_died_once_is_tried_again(tmp_path: Path) -> None:
    with Pool(1, doubling, (str(tmp_path / "tried"),)) as pool:
        assert list(pool.map([CLINGS])) == [(CLINGS, 2 * CLINGS)]
    assert (tmp_path / "tried").exists()


def test_processes_that_are_killed_from_outside_lose_nothing() -> None:
    with Pool(2, doubling) as pool:
        assert list(pool.map([1])) == [(1, 2)]
        killed = 0
        stop = threading.Event()

        def kill() -> None:
            nonlocal killed
            while not stop.wait(0.1):
                at_work = [worker for worker in pool._workers if worker.ready and worker.process.poll() is None]
                if at_work:
                    random.choice(at_work).process.kill()
                    killed += 1

        def numbers() -> Iterator[int]:
            number = 100
            while killed < 12:
                number += 1
                yield number

        thread = threading.Thread(target=kill)
        thread.start()
        try:
            results = list(pool.map(numbers()))
        finally:
            stop.set()
            thread.join()
    assert killed >= 12
    assert [item for item, _ in results] == list(range(101, 101 + len(results)))
    # a process that is killed twice at the same item is taken for its victim; everything else is right
    assert all(result == 2 * item for item, result in results if not isinstance(result, Broken))
    assert sum(isinstance(result, Broken) for _, result in results) <= 2


def test_items_are_taken_in_only_as_they_are_needed() -> None:
    taken = 0

    def numbers() -> Iterator[int]:
        nonlocal taken
        for number in range(100, 10_000):
            taken += 1
            yield number

    with Pool(1, doubling) as pool:
        results = pool.map(numbers())
        next(results)
        assert taken <= 64 + 8
        results.close()  # type: ignore[attr-defined]


def test_heavy_items_are_taken_in_one_by_one() -> None:
    taken = 0

    def numbers() -> Iterator[int]:
        nonlocal taken
        for number in range(100, 200):
            taken += 1
            yield number

    with Pool(1, doubling) as pool:
        results = pool.map(numbers(), lambda number: 50 << 20)
        next(results)
        assert taken <= 4
        assert [item for item, _ in results] == list(range(101, 200))


def test_a_function_that_cannot_be_built_raises_what_it_raised() -> None:
    with Pool(1, unable) as pool, pytest.raises(ValueError, match="the rules have faults"):
        list(pool.map([1]))


def test_processes_that_die_before_they_begin_end_the_work() -> None:
    with Pool(1, dying) as pool, pytest.raises(RuntimeError, match="dies before it can begin, the last one with status 5"):
        list(pool.map([1]))


def test_an_item_that_cannot_be_sent_is_told_and_the_others_are_done() -> None:
    items: list[Any] = [40, 41, lambda: None, 43]
    with Pool(1, doubling) as pool:
        results = [result for _, result in pool.map(items)]
    assert [results[0], results[1], results[3]] == [80, 82, 86]
    assert isinstance(results[2], Broken)
    assert "cannot be sent to a process" in str(results[2])


def test_there_must_be_a_process() -> None:
    with pytest.raises(ValueError, match="jobs is 0"):
        Pool(0, doubling)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_processes_end_when_their_parent_is_killed() -> None:
    code = (
        "import sys, time\n"
        "from cleaner.batch.pool import Pool\n"
        "from test_pool import doubling\n"
        "pool = Pool(2, doubling)\n"
        "list(pool.map([1, 2]))\n"
        "print(*[worker.process.pid for worker in pool._workers], flush=True)\n"
        "time.sleep(100)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT / "tests", env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert parent.stdout
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        if not any(alive(pid) for pid in children):
            return
        time.sleep(0.1)
    pytest.fail("the processes outlive their parent")


def alive(pid: int) -> bool:
    """Whether a process runs (one that ended and is not yet taken note of does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def hoarding() -> Callable[[int], int]:
    """A function that keeps what it was asked to make: the process wears out."""
    kept: list[bytearray] = []

    def work(megabytes: int) -> int:
        kept.append(bytearray(megabytes << 20))
        return megabytes

    return work


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_process_that_is_worn_out_is_replaced_and_costs_no_item() -> None:
    items = [100] * 20 + [900] + [100] * 20
    with Pool(1, hoarding, limits=Limits(megabytes=500)) as pool:
        results = [result for _, result in pool.map(items)]
    assert [result for at, result in enumerate(results) if at != 20] == [100] * 40
    assert isinstance(results[20], Broken)
    assert results[20].kind == "memory"
