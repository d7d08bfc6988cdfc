"""Nothing that one does without asking for a download reaches for the network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tally import amount

HERE = Path(__file__).parent

# Python tells a hook of every socket and every address that is looked up, also in forked processes.
PROGRAM = """
import os, sys
log = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
WATCHED = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind", "socket.getaddrinfo",
           "socket.gethostbyname", "urllib.Request", "http.client.connect", "ftplib.connect", "webbrowser.open")
sys.addaudithook(lambda event, args: event in WATCHED and os.write(log, f"{event} {args[-1:]}\\n".encode()))
sys.path.insert(0, sys.argv[2])
if sys.argv[3] == "train":
    import small_training
    sys.argv[1:] = sys.argv[4:]
    sys.exit(small_training.main())
from senet_np.cli import main
sys.exit(main(sys.argv[3:]))
"""
COMMANDS = [
    ["train", "run"],
    ["data"],
    ["describe", "--net", "resnet20"],
    ["export", "run", "weights.npz"],
    ["import", "weights.npz", "--out", "imported"],
    ["course", "course"],
    ["compare", "mine.toml"],
    ["evaluate", "run"],
    ["explorer", "tiny-se"],
    ["explain", "tiny-plain"],
    ["gradcheck"],
    ["explain", "tiny-se"],
    ["explain", "run"],
]
FEW = amount(7, len(COMMANDS))


def watched(folder: Path, words: list[str]) -> list[str]:
    """Run a command; what it did with the network."""
    log, environ = folder / "network", os.environ | {"HOME": str(folder)}
    environ.pop("SENET_NP_DATA", None)
    command = [sys.executable, "-c", PROGRAM, str(log), str(HERE), *words]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return log.read_text().splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("offline")
    head = 'title = "t"\ndata = "shapes"\nseeds = 1\nresults = "r.jsonl"\n[settings]\nepochs = 1\nwidths = [2, 2, 2]\n'
    (place / "mine.toml").write_text(head + "[arms.a]\n[arms.b]\nse = false\n")
    return place


def test_no_command_reaches_for_the_network_unless_asked(folder):
    for words in COMMANDS[:FEW]:
        assert watched(folder, words) == [], words


def test_the_watch_sees_what_a_download_does(folder):
    log, words = folder / "asked", ["data", "--download", "--url", "http://127.0.0.1:9/x", "--data-dir", "there"]
    command = [sys.executable, "-c", PROGRAM, str(log), str(HERE), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "socket.connect" in log.read_text()


def test_importing_the_package_opens_nothing(folder):
    program = "import sys\nsys.addaudithook(lambda event, _: event.startswith('socket') and print(event))\n"
    names = ["senet_np", "senet_np.cli", "senet_np.train.loop", "senet_np.figures.report", "senet_np.explorer.page"]
    program += "\n".join(f"import {name}" for name in names)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.dumps(done.stdout) == '""'
