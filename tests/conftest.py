"""What several test files share: a small data set, and a callback that stops a run when it is told to."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: two threads crawl where something else runs too
if os.name == "nt":
    os.environ.setdefault("PYTHONUTF8", "1")  # what tests start prints UTF-8, as it does elsewhere

import kernels  # noqa: F401  notebooks are executed with short waits
import pytest

from senet_np.data import load_shapes
from senet_np.settings import make_settings
from senet_np.train.progress import Callback


@pytest.fixture(scope="session")
def few_shapes():
    """100 images to train on: 6 minibatches of 16, and 4 left over."""
    return load_shapes(seed=5, sizes=(100, 60, 60))


@pytest.fixture(scope="session")
def few_settings():
    """Settings for a run of seconds."""
    return make_settings(
        "shapes", {"widths": (4, 4, 8), "batch_size": 16, "micro_batch": 8, "epochs": 3, "augment": True}
    )


class StopsAfter(Callback):
    """Wants the run to stop once it has seen `stop_after` minibatches; None for never."""

    def __init__(self, stop_after=None):
        self.stop_after, self.seen = stop_after, 0

    def on_step(self, progress, loss, accuracy):
        self.seen += 1

    def should_stop(self):
        return self.stop_after is not None and self.seen >= self.stop_after


@pytest.fixture(scope="session")
def callback():
    return StopsAfter


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium of a small laptop's size; only for files that import `chromium`, which skips without one."""
    from chromium import start_chromium

    driver = start_chromium(1280, 720)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def explorer(tmp_path_factory):
    """The address of the explorer with all the models that it shows by default."""
    from senet_np.cli import main

    path = tmp_path_factory.mktemp("explorer") / "bundled.html"
    assert main(["explorer", "bundled", "--out", str(path)]) == 0
    return path.as_uri()
