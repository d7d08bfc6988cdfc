"""Comparisons on a Dask cluster: a real scheduler and real worker processes, on this machine."""

import pytest

from senet_np.cli import main
from senet_np.experiments.comparison import read_comparison
from senet_np.experiments.report import make_report

distributed = pytest.importorskip("distributed", reason="Dask is an extra: pip install 'senet_np[dask]'")

FILE = """
title = "SE against none"
data = "shapes"
seeds = 2
results = "mine.jsonl"
[settings]
epochs = 1
widths = [4, 4]
[arms."with SE"]
[arms."without SE"]
se = false
"""


@pytest.fixture
def cluster():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster


def test_a_cluster_gives_the_results_of_this_machine(cluster, tmp_path):
    found = {}
    for where, more in {"here": ["--jobs", "2"], "there": ["--scheduler", cluster.scheduler_address]}.items():
        path = tmp_path / where / "mine.toml"
        path.parent.mkdir()
        path.write_text(FILE, "utf-8")
        assert main(["compare", str(path), "--runs-dir", str(tmp_path / where / "runs"), *more]) == 0
        report = make_report(read_comparison(path))
        assert report.missing == 0
        found[where] = [arm.accuracies for arm in report.arms]
    assert found["here"] == found["there"]


def test_no_scheduler_is_one_clear_sentence(tmp_path, capsys):
    path = tmp_path / "mine.toml"
    path.write_text(FILE, "utf-8")
    assert main(["compare", str(path), "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "error: no Dask scheduler answers at tcp://127.0.0.1:1" in capsys.readouterr().err
