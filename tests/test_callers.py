"""The command line inside of another program: what `main` changes in the process, it puts back."""

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import warnings

import pytest
from systems import unix

from senet_np.cli import describe, main, progress

FEW = ["train", "--data", "shapes", "--widths", "4,4,4", "--epochs", "1", "--no-plots", "--out"]
DESCRIBE = ["describe", "--net", "tiny"]


@pytest.fixture(autouse=True)
def little_data(monkeypatch, few_shapes):
    """`shapes` is small."""
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: few_shapes)


@pytest.fixture
def narrow_streams(monkeypatch):
    """Streams for ASCII alone, which hold lines back."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    return streams


def surroundings():
    """What belongs to the process and not to us."""
    streams = (sys.stdout, sys.stderr)
    settings = [(stream.errors, getattr(stream, "line_buffering", None)) for stream in streams]
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]  # fewer than signal.Signals on Windows
    return streams, settings, warnings.showwarning, [*warnings.filters], handlers, {*threading.enumerate()}


def run_in_thread(words):
    status = []
    thread = threading.Thread(target=lambda: status.append(main(words)))
    thread.start()
    return thread, status


def test_training_works_outside_the_main_thread(tmp_path):
    thread, status = run_in_thread([*FEW, str(tmp_path / "run")])
    thread.join()
    assert status == [0]


@pytest.mark.parametrize("words", [DESCRIBE, [*FEW, "run"], ["evaluate", "nowhere"]], ids=lambda words: words[0])
def test_the_process_is_left_as_it_was(words, tmp_path, monkeypatch, narrow_streams):
    monkeypatch.chdir(tmp_path)
    before = surroundings()
    main(words)
    assert surroundings() == before


def test_a_wrong_word_leaves_the_process_as_it_was(narrow_streams):
    before = surroundings()
    with pytest.raises(SystemExit):
        main(["dance"])
    assert surroundings() == before


@pytest.mark.parametrize("first", [0, 1])
def test_two_commands_that_overlap_leave_the_process_as_it_was(first, monkeypatch, narrow_streams):
    inside, leave = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]
    waiting = iter([0, 1])

    def wait(_):
        k = next(waiting)
        inside[k].set()
        assert leave[k].wait(60)
        print("×")
        return 0

    monkeypatch.setattr(describe, "run", wait)
    before, threads = surroundings(), []
    for k in (0, 1):
        threads.append(run_in_thread(DESCRIBE))
        assert inside[k].wait(60)
    for k in (first, 1 - first):
        leave[k].set()
        threads[k][0].join()
    assert [status for _, status in threads] == [[0], [0]]
    assert surroundings() == before


@unix
def test_a_handler_that_is_not_pythons_stays(monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda _: None)  # as for a handler that was set in C
    monkeypatch.setattr(signal, "signal", lambda *_: pytest.fail("it could not be put back"))
    with progress.stop_on_signals() as received:
        assert received == []


@pytest.mark.parametrize(("number", "terminal"), [(5, True), (5, False), (28, True)])
def test_what_is_written_to_a_closed_terminal_is_dropped_and_every_other_loss_is_an_error(number, terminal):
    class Broken(io.StringIO):
        def isatty(self):
            return terminal

        def write(self, text):
            raise OSError(number, os.strerror(number))

    dropped = number == 5 and terminal  # EIO; 28 is ENOSPC, a full disk
    with contextlib.nullcontext() if dropped else pytest.raises(OSError, match=re.escape(os.strerror(number))):
        print("lost", file=progress.Terminal(Broken()), flush=True)


def with_a_reader_that_leaves(code, *words):
    """Run code in a process whose output nobody reads; its exit status and what it complains about."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as output:
        done = subprocess.run([sys.executable, *code, *words], stdout=output, stderr=subprocess.PIPE, encoding="utf-8")
    return done.returncode, done.stderr


@unix
@pytest.mark.parametrize("words", [DESCRIBE, ["--help"], ["train", "--help"]], ids=" ".join)
def test_a_reader_that_leaves_is_no_traceback(words):
    status, error = with_a_reader_that_leaves(["-m", "senet_np"], *words)
    assert (status, error) == (141 if words == DESCRIBE else 0, "")


@unix
def test_the_output_of_another_program_stays_where_it_goes():
    code = f"""
import os, sys
from senet_np.cli import main
before = os.fstat(1)
status = main({DESCRIBE})
os._exit(status if os.path.sameopenfile(1, 1) and os.path.samestat(before, os.fstat(1)) else 1)
"""
    assert with_a_reader_that_leaves(["-c", code]) == (141, "")
