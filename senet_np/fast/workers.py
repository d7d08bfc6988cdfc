"""Workers: jobs on several cores at a time.

On Linux a worker is a process, elsewhere a thread; the results are the same bit for bit. Threads share Python's lock:
NumPy releases it while it computes, but every operation has to take it again, and on small arrays the waiting costs up
to half of the time. Each process has its own lock. Processes share no variables, so arrays travel through shared
memory, and everything else is pickled.

The BLAS is limited to one thread meanwhile: its own threads would compete with ours for the cores.
"""

import ctypes
import mmap
import os
import pickle
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import current_process, get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Lock
from typing import Any, NoReturn, cast

from threadpoolctl import threadpool_limits

from ..errors import SenetError
from .cores import default_workers
from .memory import keep_freed_memory
from .overlap import Overlapping

PROCESSES = sys.platform.startswith("linux")  # macOS' libraries do not survive a fork, and Windows has none
LINE = 64  # bytes: where an array begins, in shared memory as elsewhere
SLACK = 1 << 16  # bytes that a result may be larger than its task
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, from Linux's prctl.h

Packed = tuple[bytes, list[Any]]  # a value, and the arrays in it apart, as buffers

one_blas_thread = Overlapping(partial(threadpool_limits, 1, "blas"))
_forking = Lock()  # another thread's processes would inherit the open pipe


class Workers:
    """Processes or threads that share the work, for the length of a `with` statement.

    Processes are forked by the first `map` and know the code as it was then: after a change of a function or a class,
    in a notebook say, begin another `with`. Call `map` from one thread only. Where the system refuses processes,
    threads compute, and where it refuses these, the calling thread.

    Args:
        count: how many compute at the same time; None for as many as this process has cores and memory for.
        processes: False for threads of this process, even where processes of their own are allowed.
    """

    def __init__(self, count: int | None = None, processes: bool = True):
        self.count = count or default_workers()
        self.processes = processes and PROCESSES and not current_process().daemon  # Python lets no daemon have children
        self.pool: dict[Connection, BaseProcess] = {}
        self.memory: mmap.mmap | None = None  # shared with the processes

    def __enter__(self) -> "Workers":
        keep_freed_memory()
        one_blas_thread.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._dismiss()
        one_blas_thread.__exit__()

    def map(self, job: Callable[..., Any], given: tuple, *pieces: Iterable[Any]) -> list[Any]:
        """[job(*given, *piece) for piece in zip(*pieces)], several at a time.

        Args:
            job: a function. What cannot be pickled, as a function inside a function, is left to threads.
            given: arguments that are the same for all.
            pieces: arguments of which each call has its own.

        Returns:
            What `job` returned, which has to be something that can be pickled, in the order of the pieces. Arrays in
            there are valid until the next call.

        Raises:
            SenetError: a worker died.
            Exception: whatever `job` raised.
        """
        calls = [*zip(*pieces, strict=True)]
        count = min(self.count, len(calls))
        if count <= 1:
            return [job(*given, *call) for call in calls]
        tasks = _pack_all([(job, given), *calls]) if self.processes else None
        if not tasks or not self._fork(count, tasks):
            return _in_threads(count, job, given, calls)
        try:
            return self._in_processes(count, tasks)
        except BaseException:
            self._dismiss()  # some may still be computing, and would write into what comes next
            raise

    def _fork(self, count: int, tasks: list[Packed]) -> bool:
        """Have `count` processes and enough memory that they share with this one; False where the system refuses."""
        size = sum(map(_size, tasks)) + (len(tasks) - 1) * _room(tasks)
        if self.memory and len(self.memory) >= size and len(self.pool) >= count:
            return True
        self._dismiss()
        try:
            self.memory, fork = mmap.mmap(-1, size), get_context("fork")
            while len(self.pool) < count:
                with _forking:
                    ours, theirs = fork.Pipe()
                    process = fork.Process(target=_serve, args=(theirs, self.memory), daemon=True)
                    process.start()
                    theirs.close()  # so that the process alone has it, and we see its end
                self.pool[ours] = process
        except OSError as error:
            self._dismiss()
            self.processes = False
            one_blas_thread.keep()  # a fork ends OpenBLAS's threads; refused new ones, it ends the program
            _say_once("processes", error)
        return self.processes

    def _in_processes(self, count: int, tasks: list[Packed]) -> list[Any]:
        """The results of all tasks but the first, which is what they have in common."""
        assert self.memory
        handles, at, room = [], 0, _room(tasks)
        for task in tasks:
            handles.append(_write(task, self.memory, at))
            at += _size(task)
        common, *calls = handles
        todo, results, ready = enumerate(calls), {}, [*self.pool][:count]
        while len(results) < len(calls):
            for connection, (index, call) in zip(ready, todo, strict=False):
                with suppress(ConnectionError):  # that one is dead, which is noticed below
                    connection.send((index, common, call, at + index * room, room))
            ready = cast(list[Connection], wait(self.pool))
            for connection in ready:
                results.update([_receive(connection)])
        return [_read(results[index], self.memory) for index in range(len(calls))]

    def _dismiss(self) -> None:
        """End the processes, whatever they do."""
        for process in self.pool.values():
            process.kill()  # SIGTERM would not do: they have their parent's handler for that
        for process in self.pool.values():
            process.join()
        self.pool, self.memory = {}, None


def _in_threads(count: int, job: Callable[..., Any], given: tuple, calls: list[tuple]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        try:
            results = pool.map(lambda call: job(*given, *call), calls)  # starts the threads
        except RuntimeError as error:
            pool.shutdown(cancel_futures=True)
            _say_once("threads", error)
        else:
            return [*results]
    return [job(*given, *call) for call in calls]


_refused: list[str] = []  # by the system, to this process


def _say_once(kind: str, error: Exception) -> None:
    if not _refused:
        warnings.warn(f"the system refuses {kind} ({error}): it takes longer, to the same results", stacklevel=4)
    _refused.append(kind)


def _receive(connection: Connection) -> tuple[int, Packed]:
    """The next answer of a process; what its job raised, is raised."""
    try:
        index, answer = connection.recv()
    except (EOFError, OSError) as error:
        raise SenetError(
            "a worker process died, as when the system runs out of memory: "
            "try a smaller --micro-batch, or --workers 1, which starts no processes"
        ) from error
    if isinstance(answer, BaseException):
        raise answer
    return index, answer


def _serve(connection: Connection, memory: mmap.mmap) -> NoReturn:
    """In a worker process: compute one call after the other; each has its own room behind the tasks for its result."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who finishes what it began
    die_with_parent()
    while True:
        index, common, call, at, room = connection.recv()
        try:
            job, given = _read(common, memory)
            result = job(*given, *_read(call, memory))
            packed = _pack(result)
            answer = _write(packed, memory, at) if _size(packed) <= room else (pickle.dumps(result), [])
        except BaseException as error:
            error.add_note(f"in a worker process: {traceback.format_exc()}")
            answer = _fit_to_travel(error)
        connection.send((index, answer))


def die_with_parent() -> None:
    """Have this process killed when the one that started it dies; only Linux knows how."""
    parent = parent_process()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if parent and os.getppid() != parent.pid:  # it died before this line
            os._exit(1)


def _fit_to_travel(error: BaseException) -> BaseException:
    """The error, or its text if it cannot be pickled: the parent would take that for the death of a worker."""
    try:
        return pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")


def _pack_all(values: list[Any]) -> list[Packed] | None:
    try:
        return [_pack(value) for value in values]
    except (pickle.PicklingError, AttributeError, TypeError):  # whichever it is that cannot be pickled
        return None


def _pack(value: Any) -> Packed:
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return data, [buffer.raw() for buffer in buffers]


def _size(packed: Packed) -> int:
    return sum(-(-len(buffer) // LINE) * LINE for buffer in packed[1])


def _room(tasks: list[Packed]) -> int:
    """Bytes for one result: gradients are as large as parameters, which are in the first task."""
    return _size(tasks[0]) + max(map(_size, tasks[1:])) + SLACK


def _write(packed: Packed, memory: mmap.mmap, at: int) -> Packed:
    """Put the arrays into memory; the handle says where each begins and ends."""
    data, buffers = packed
    places = []
    for buffer in buffers:
        memory[at : at + len(buffer)] = buffer
        places.append((at, at + len(buffer)))
        at += -(-len(buffer) // LINE) * LINE
    return data, places


def _read(handle: Packed, memory: mmap.mmap) -> Any:
    """The value back, its arrays where they lie."""
    data, places = handle
    view = memoryview(memory)
    return pickle.loads(data, buffers=[view[start:end] for start, end in places])
