"""What the tests of engines share: the processes of ours below an engine's workers, and killing one of these workers while it works."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def processes() -> dict[int, tuple[int, str]]:
    """Every process: its parent and its command."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status, command = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            found[int(entry.name)] = int(status.rsplit(")", 1)[1].split()[1]), command.replace(b"\0", b" ").decode("utf-8", "replace")
    return found


def workers(is_worker: Callable[[str], bool]) -> dict[int, int]:
    """The processes of ours that an engine's workers below this process have, and these workers, known by their command."""
    every = processes()

    def below(process: int) -> bool:
        while process in every and process != os.getpid():
            process = every[process][0]
        return process == os.getpid()

    ours = {number: parent for number, (parent, command) in every.items() if "cleaner.batch.pool import serve" in command and below(number)}
    return {number: parent for number, parent in ours.items() if is_worker(every.get(parent, (0, ""))[1])}


@contextmanager
def one_killed(is_worker: Callable[[str], bool]) -> Iterator[list[tuple[int, int]]]:
    """As soon as a process of ours appears below a worker, the worker is killed; the list then holds both."""
    before = set(workers(is_worker))
    killed: list[tuple[int, int]] = []
    done = threading.Event()

    def kill() -> None:
        while not killed and not done.is_set():
            for child, worker in workers(is_worker).items():
                if child not in before and not killed:
                    os.kill(worker, signal.SIGKILL)
                    killed.append((worker, child))
            time.sleep(0.01)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        done.set()
        killer.join()


def is_ours(process: int) -> bool:
    """Whether a process of ours with this number is there still."""
    return "batch.pool" in processes().get(process, (0, ""))[1]
