"""What the client of a Dask cluster says where no scheduler answers: no address, nobody, or somebody else."""

import contextlib
import http.server
import socket
import threading

import pytest

pytest.importorskip("distributed", reason="Dask is an extra: pip install 'senet_np[dask]'")

from dask_cluster import HERE
from distributed import LocalCluster

from senet_np.errors import SenetError
from senet_np.experiments.dask_runner import run_on_dask


def refusal(address):
    """What is said of an address, within half a second for each step; it is one line."""
    with pytest.raises(SenetError) as caught:
        next(run_on_dask([], address, connect=0.5))
    assert "\n" not in str(caught.value)
    return str(caught.value)


NONE = ["", "host", "tcp://host", "tcp://host:x", "http://127.0.0.1:80", "tls://127.0.0.1:80"]  # is an address
NOBODY = ["tcp://127.0.0.1:1", "127.0.0.1:1", "tcp://nowhere.invalid:1"]  # is there


@pytest.mark.parametrize("address", NONE + NOBODY)
def test_an_address_of_no_scheduler_is_refused_with_the_reason(address):
    said = refusal(address)
    assert said.startswith(f"no Dask scheduler answers at {address} (")
    assert not said.startswith(f"no Dask scheduler answers at {address} ()")
    assert said.endswith("give the address that it prints, as tcp://host:8786")


@contextlib.contextmanager
def listener(speech):
    """The address of a listener that says something, and then nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        peers = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    peers.append(server.accept()[0])
                    peers[-1].sendall(speech)

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        for peer in peers:
            peer.close()


@pytest.mark.parametrize("speech", [b"", b"SSH-2.0-OpenSSH_9.2\r\n" * 9, b"\0" * 64], ids=["silence", "SSH", "zeros"])
def test_whoever_else_listens_there_is_not_waited_for(speech):
    with listener(speech) as address:
        assert f"no Dask scheduler answers at {address}" in refusal(address)


def test_a_web_server_is_no_scheduler():
    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert "no Dask scheduler answers" in refusal(f"tcp://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_the_address_of_a_worker_is_told_from_a_scheduler():
    with LocalCluster(n_workers=1, **HERE) as cluster:
        assert "(it is the address of a worker)" in refusal(cluster.workers[0].address)
