"""Nothing that one does without asking for a download reaches for the network."""

import os
import subprocess
import sys

import pytest
from good_files import link, make_good_files
from small_data import few_images
from tally import LOG
from trial import try_all

from senet_np import data
from senet_np.cli import main
from senet_np.data import load_shapes

WATCHED = {f"socket.{what}" for what in ("connect", "sendto", "sendmsg", "bind", "getaddrinfo", "gethostbyname")}
WATCHED |= {"urllib.Request", "http.client.connect", "ftplib.connect", "webbrowser.open"}
COMMANDS = """
train --data shapes --no-plots --epochs 1 --widths 2,2 --workers 2
data
describe --net resnet20
export run out.npz
import weights.npz --out imported
course course
evaluate run
compare mine.toml
"""
MORE = """\
explorer tiny-se
explain tiny-plain
explain tiny-se
explain run
gradcheck
"""
DOWNLOAD = "data --download --url http://127.0.0.1:9/x --data-dir there"
MINE = 'title = "t"\ndata = "shapes"\nseeds = 1\nresults = "r"\n[settings]\nepochs = 1\nwidths = [2, 2]\n[arms.a]\n'


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    place = tmp_path_factory.mktemp("good")
    make_good_files(place)
    (place / "mine.toml").write_text(MINE + "[arms.b]\nse = false\n")
    return place


def test_no_command_reaches_for_the_network_unless_asked(good, tmp_path):
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def watch(inside):  # Python tells a hook of every socket and every name that is looked up, in forked processes too
        sys.addaudithook(lambda event, args: event in WATCHED and os.write(log, f"{event} {args[-1:]}\n".encode()))
        return 0

    def run(line):
        def call(inside):
            for name in ("run", "weights.npz", "mine.toml"):
                link(good, name, inside)
            os.write(log, f"> {line}\n".encode())
            data.load_shapes = load_shapes if line.startswith("compare") else few_images  # its processes know the first
            return main(line.split())

        return call

    lines = [*(COMMANDS + MORE if LOG else COMMANDS).strip().splitlines(), DOWNLOAD]
    endings = try_all({"watch": watch, **{line: run(line) for line in lines}}, tmp_path / "tried")
    assert {line: end.output for line, end in endings.items() if end.status != (2 if line == DOWNLOAD else 0)} == {}
    quiet, download = (tmp_path / "log").read_text().split(f"> {DOWNLOAD}\n")
    assert quiet.splitlines() == [f"> {line}" for line in lines[:-1]]
    assert "socket.connect" in download


def test_importing_the_package_opens_nothing():
    program = "import sys\nsys.addaudithook(lambda event, _: event.startswith('socket') and print(event))\n"
    program += "import senet_np.cli, senet_np.train.loop, senet_np.figures.report, senet_np.explorer.page"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == ""
