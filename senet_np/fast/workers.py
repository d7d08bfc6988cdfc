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
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import current_process, get_context, parent_process
from typing import Any

from threadpoolctl import threadpool_limits

from ..errors import SenetError
from .memory import keep_freed_memory

PROCESSES = sys.platform.startswith("linux")  # macOS' libraries do not survive a fork, and Windows has none
LINE = 64  # bytes: where an array begins, in shared memory as elsewhere
SLACK = 1 << 16  # bytes that a result may be larger than its task
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, from Linux's prctl.h

Packed = tuple[bytes, list[Any]]  # a value, and the arrays in it apart, as buffers


class Workers:
    """Processes or threads that share the work, for the length of a `with` statement.

    Processes are forked by the first `map` and know the code as it was then: after a change of a function or a class,
    in a notebook say, begin another `with`. Call `map` from one thread only.

    Args:
        count: how many compute at the same time; None for one per core.
        processes: False for threads of this process, even where processes of their own are allowed.
    """

    def __init__(self, count: int | None = None, processes: bool = True):
        self.count = count or os.cpu_count() or 1
        allowed = PROCESSES and not current_process().daemon  # Python lets no daemon have children
        self.processes = allowed and processes is not False
        self.pool: ProcessPoolExecutor | None = None
        self.forked = 0  # of processes
        self.memory: mmap.mmap | None = None  # shared with the processes

    def __enter__(self) -> "Workers":
        keep_freed_memory()
        self.limits = threadpool_limits(1, "blas")
        return self

    def __exit__(self, *error: object) -> None:
        self._dismiss()
        self.limits.restore_original_limits()

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
        if self.count == 1 or len(calls) <= 1:
            return [job(*given, *call) for call in calls]
        tasks = _pack_all([(job, given), *calls]) if self.processes else None
        if tasks is None:
            with ThreadPoolExecutor(self.count) as pool:
                return [*pool.map(lambda call: job(*given, *call), calls)]
        try:
            return self._through_shared_memory(tasks)
        except BaseException as error:
            self._kill()  # some may still be computing, and would write into what comes next
            if not isinstance(error, BrokenProcessPool):
                raise
            raise SenetError(
                "a worker process died, as when the system runs out of memory: "
                "try a smaller --micro-batch, or --workers 1, which starts no processes"
            ) from error

    def _through_shared_memory(self, tasks: list[Packed]) -> list[Any]:
        """The results of all tasks but the first, which is what they have in common."""
        sizes, count = [_size(task) for task in tasks], len(tasks) - 1
        room = sizes[0] + max(sizes[1:]) + SLACK  # for a result: gradients are as large as parameters
        pool, memory = self._forked(min(self.count, count), sum(sizes) + count * room)
        at, handles = 0, []
        for task, size in zip(tasks, sizes, strict=True):
            handles.append(_write(task, memory, at))
            at += size
        self.next.value = 0
        futures = [pool.submit(_result, *handles, at=at, room=room) for _ in range(self.forked)]
        results = {index: result for future in futures for index, result in future.result()}
        return [_read(results[index], memory) for index in range(count)]

    def _forked(self, count: int, size: int) -> tuple[ProcessPoolExecutor, mmap.mmap]:
        """At least `count` processes, and at least `size` bytes of memory that they share with this one."""
        if self.pool is None or self.memory is None or len(self.memory) < size or self.forked < count:
            self._dismiss()
            fork = get_context("fork")
            self.forked, self.memory, self.next = count, mmap.mmap(-1, size), fork.Value("q")
            self.pool = ProcessPoolExecutor(count, fork, _begin, (self.memory, self.next))
        return self.pool, self.memory

    def _kill(self) -> None:
        """End the processes, whatever they do: one may wait for ever for a lock that a dead one held."""
        for process in [*(getattr(self.pool, "_processes", None) or {}).values()]:
            process.kill()  # the executor would only ask (SIGTERM), and they have their parent's handler for that
        self._dismiss()

    def _dismiss(self) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=True)
        self.pool = self.memory = None


_memory: mmap.mmap  # in a worker process: what it shares with its parent
_next: Any  # and which call nobody has taken yet


def _begin(memory: mmap.mmap, next_call: Any) -> None:
    global _memory, _next
    _memory, _next = memory, next_call
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who finishes what it began
    die_with_parent()


def die_with_parent() -> None:
    """Have this process killed when the one that started it dies; only Linux knows how."""
    parent = parent_process()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if parent and os.getppid() != parent.pid:  # it died before this line
            os._exit(1)


def _result(common: Packed, *calls: Packed, at: int, room: int) -> list[tuple[int, Packed]]:
    """In a worker process: take one call after the other, compute, and write the results behind the tasks."""
    (job, given), results = _read(common, _memory), []
    while (index := _take()) < len(calls):
        try:
            result, failure = job(*given, *_read(calls[index], _memory)), None
        except Exception as error:
            result, failure = None, _fit_to_travel(error)
        if failure is not None:
            raise failure  # out here, so that it does not carry the first one along as its context
        packed = _pack(result)
        fits = _size(packed) <= room
        results.append((index, _write(packed, _memory, at + index * room) if fits else (pickle.dumps(result), [])))
    return results


def _fit_to_travel(error: Exception) -> Exception:
    """The error, or its text if it cannot be pickled: the parent would take that for the death of a worker."""
    try:
        return pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")


def _take() -> int:
    with _next.get_lock():
        _next.value += 1
        return _next.value - 1


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
