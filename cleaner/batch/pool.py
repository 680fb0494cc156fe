"""Work in processes that documents may kill: limits of time and memory, results in order, memory that does not grow with the input.

Each process has a pipe of its own, sends each result as it is done, and is sent more only when it waits for it. So it is always known which item a
process died of, however it died, and no lock is left behind. (`multiprocessing.Pool` hangs when a process dies, `concurrent.futures` breaks and cannot
stop one that hangs, and pebble's processes share one pipe under a lock, which a killed one takes with it.)

They are started as programs of their own, not by `multiprocessing`: so that engines' workers, which may be daemons, threads or forks, can have them too,
and a script needs no ``if __name__ == "__main__"``.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.spawn import get_executable
from typing import Any, Generic, TypeVar

from cleaner.batch.limits import Broken, Limits

__all__ = ["Broken", "Limits", "Pool"]

T = TypeVar("T")
R = TypeVar("R")

_CHUNK, _CHUNK_BYTES = 8, 1 << 18
"""Items, and their bytes, that a process is sent at a time; one item may be larger."""
_AHEAD = 64
"""Items that are under way or wait for their turn, for each process: one that takes long does not stop the others, ..."""
_HEAVY = 64 << 20
"""... and their bytes."""
_TRIES = 2
"""Times that an item may see its process die before it is held to be the cause."""

_BEGIN = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from cleaner.batch.pool import serve; serve(int(sys.argv[1]))"
"""What a process runs."""
_STILLBORN = 10
"""Processes that may die one after the other while they load the rules; more are no accident."""


@dataclass(slots=True)
class _Task(Generic[T, R]):
    item: T
    weight: int
    result: R | Broken | None = None
    done: bool = False
    deaths: int = 0


@dataclass(slots=True)
class _Worker(Generic[T, R]):
    process: subprocess.Popen[bytes]
    """Its standard input says where modules are, and then stays open for as long as this process lives."""
    pipe: connection.Connection
    tasks: deque[_Task[T, R]] = field(default_factory=deque)
    """What it was sent and has not answered; it works on the first."""
    since: float = 0.0
    ready: bool = False
    """Whether it has built its function."""
    spent: bool = False
    """Whether it has reached its limit of memory: it ends then, since little of that comes back."""


class Pool(Generic[T, R]):
    """Processes that call a function on items. One that dies is replaced; an item that two died of comes back as `Broken`.

    ``make(*args)`` builds the function, in each process (so these, items and results must be picklable).
    Raises what ``make`` raises.
    """

    def __init__(self, jobs: int, make: Callable[..., Callable[[T], R]], args: tuple[Any, ...] = (), limits: Limits | None = None) -> None:
        if jobs < 1:
            raise ValueError(f"jobs is {jobs}; there must be one process at least")
        self._make, self._args = make, args
        self._limits = limits or Limits()
        self._owner = os.getpid()
        self._stillborn = 0
        self._workers: list[_Worker[T, R]] = [self._started() for _ in range(jobs)]

    def _started(self) -> _Worker[T, R]:
        ours, theirs = connection.Pipe()
        command: list[Any] = [get_executable(), "-P", "-c", _BEGIN, str(theirs.fileno())]
        if sys.platform == "win32":
            os.set_handle_inheritable(theirs.fileno(), True)
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, close_fds=False)
        else:  # in a group of its own, so that Ctrl-C comes to the parent alone
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()], process_group=0)
        theirs.close()
        assert process.stdin
        try:
            pickle.dump(sys.path, process.stdin)
            process.stdin.flush()
            ours.send((self._make, self._args, self._limits.megabytes))
        except OSError:
            pass  # it died already, which is noticed when it is asked
        return _Worker(process, ours)

    def map(self, items: Iterable[T], weight: Callable[[T], int] = lambda item: 0) -> Iterator[tuple[T, R | Broken]]:
        """Each item with what the function returned for it, in the order of the items, which are taken in only as they are needed.

        An exception of the function comes as `Broken` too. ``weight`` is an item's size in bytes.
        """
        source = iter(items)
        order: deque[_Task[T, R]] = deque()
        waiting: deque[_Task[T, R]] = deque()
        heavy, more = 0, True
        while more or order:
            while more and len(order) < _AHEAD * len(self._workers) and (heavy < _HEAVY or not waiting):
                try:
                    item = next(source)
                except StopIteration:
                    more = False
                    break
                task: _Task[T, R] = _Task(item, weight(item))
                heavy += task.weight
                order.append(task)
                waiting.append(task)
                if len(waiting) >= _CHUNK and any(worker.ready and not worker.tasks for worker in self._workers):
                    break
            self._send(waiting)
            if order and not order[0].done:
                self._receive(waiting)
            while order and order[0].done:
                task = order.popleft()
                heavy -= task.weight
                assert task.result is not None
                yield task.item, task.result

    def _send(self, waiting: deque[_Task[T, R]]) -> None:
        """Give those that wait for work some."""
        for place, worker in enumerate(self._workers):
            if not waiting:
                return
            if not worker.ready or worker.tasks or worker.spent:
                continue
            chunk = [waiting.popleft()]
            size = chunk[0].weight
            while waiting and len(chunk) < _CHUNK and size + waiting[0].weight <= _CHUNK_BYTES and not waiting[0].deaths and not chunk[0].deaths:
                chunk.append(waiting.popleft())
                size += chunk[-1].weight
            worker.tasks.extend(chunk)
            worker.since = time.monotonic()
            try:
                worker.pipe.send([task.item for task in chunk])
            except OSError:
                waiting.extendleft(reversed(chunk))  # it died while it waited: no item's fault
                worker.tasks.clear()
                self._replace(place)
            except Exception:  # one of them cannot be sent, so nothing was
                worker.tasks.clear()
                waiting.extendleft(task for task in reversed(chunk) if not _unsendable(task))
                return self._send(waiting)

    def _receive(self, waiting: deque[_Task[T, R]]) -> None:
        """Wait until something is done, somebody died or is late, and take note of it."""
        pipes = {worker.pipe: place for place, worker in enumerate(self._workers)}
        for pipe in connection.wait(list(pipes), self._patience()):
            place = pipes[pipe]  # type: ignore[index]
            worker = self._workers[place]
            try:
                while worker.pipe.poll():
                    self._note(worker, worker.pipe.recv())
            except (EOFError, OSError):
                self._bury(place, waiting)
        late = time.monotonic() - self._limits.seconds
        for place, worker in enumerate(self._workers):
            if self._limits.seconds and worker.tasks and worker.since < late:
                worker.process.kill()
                self._finish(worker, Broken("time", f"took more than {self._limits.seconds:g} seconds, the limit of time"))
                waiting.extendleft(reversed(worker.tasks))
                worker.tasks.clear()
                self._replace(place)

    def _patience(self) -> float | None:
        """Seconds until the first process is late; None if none is at work, for then a new one is on its way."""
        at_work = [worker.since for worker in self._workers if worker.tasks]
        if not at_work or not self._limits.seconds:
            return None
        return max(0.0, min(at_work) + self._limits.seconds - time.monotonic()) + 0.01

    def _note(self, worker: _Worker[T, R], answer: tuple[str, Any]) -> None:
        kind, value = answer
        if kind == "ready":
            worker.ready, self._stillborn = True, 0
        elif kind == "unable":
            raise value
        elif kind == "done":
            self._finish(worker, value)
        elif kind == "memory":
            worker.spent = True
            self._blame(worker, Broken(kind, f"needed more than {self._limits.megabytes} MB, the limit of memory"))
        else:
            self._finish(worker, Broken(kind, value))

    def _finish(self, worker: _Worker[T, R], result: R | Broken) -> None:
        task = worker.tasks.popleft()
        task.result, task.done = result, True
        worker.since = time.monotonic()

    def _bury(self, place: int, waiting: deque[_Task[T, R]]) -> None:
        """A process died: what it worked on is tried once more, alone; what it had not begun is as before."""
        worker = self._workers[place]
        code = worker.process.wait()
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn > _STILLBORN:
                raise RuntimeError(f"process after process dies before it can begin, the last one {_how(code)}")
        if not worker.spent:
            self._blame(worker, Broken("killed", f"its process died, {_how(code)}, and so did the next one that tried"))
        waiting.extendleft(reversed(worker.tasks))
        worker.tasks.clear()
        self._replace(place)

    def _blame(self, worker: _Worker[T, R], result: Broken) -> None:
        """Hold what a process worked on to be the cause of its end, if it was so before in another one: the first may have been worn out."""
        if worker.tasks:
            worker.tasks[0].deaths += 1
            if worker.tasks[0].deaths >= _TRIES:
                self._finish(worker, result)

    def _replace(self, place: int) -> None:
        _end(self._workers[place])
        self._workers[place] = self._started()

    def close(self) -> None:
        """End the processes, whatever they are at. A fork of the process that made them leaves them alone."""
        if os.getpid() == self._owner:
            for worker in self._workers:
                _end(worker)

    def __enter__(self) -> Pool[T, R]:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _unsendable(task: _Task[Any, Any]) -> bool:
    """Whether an item cannot be pickled; then it is done with."""
    try:
        pickle.dumps(task.item)
    except Exception as error:
        task.result, task.done = Broken(type(error).__name__, f"cannot be sent to a process: {error}"), True
    return task.done


def _end(worker: _Worker[Any, Any]) -> None:
    worker.process.kill()
    worker.process.wait()
    worker.pipe.close()
    if worker.process.stdin:
        with contextlib.suppress(OSError):
            worker.process.stdin.close()


def _how(code: int) -> str:
    if code < 0 and -code in signal.valid_signals():
        return f"by signal {signal.Signals(-code).name}"
    return f"with status {code}"


def serve(handle: int) -> None:
    """A process: build the function, then work on what comes, until the parent is gone. ``handle`` is its end of the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform == "win32":
        pipe = connection.PipeConnection(handle)
    else:
        pipe = connection.Connection(handle)
    try:
        make, args, megabytes = pipe.recv()
        function = make(*args)
    except Exception as error:
        pipe.send(("unable", error))
        return
    if megabytes:
        _limit_memory(megabytes)
    pipe.send(("ready", None))
    while True:
        try:
            items = pipe.recv()
        except EOFError:
            return
        except MemoryError:  # what is heavy is sent first
            pipe.send(("memory", ""))
            return
        for item in items:
            answer: tuple[str, Any]
            try:
                answer = ("done", function(item))
            except MemoryError:
                pipe.send(("memory", ""))
                return
            except Exception as error:
                answer = (type(error).__name__, str(error) or repr(error))
            pipe.send(answer)


def _end_with_parent() -> None:
    while os.read(0, 4096):  # not by `sys.stdin`, which must not be in use when Python ends
        pass
    os._exit(1)


def _limit_memory(megabytes: int) -> None:
    try:
        import resource

        import numpy  # noqa: F401 - every document needs it, and its threads want address space of their own

        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = now + (megabytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))
    except (ImportError, OSError, ValueError):
        return  # not on this system
