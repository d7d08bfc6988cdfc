"""Runs for tests: trained in one call, and compared bit for bit."""

from senet_np.runs.recorder import train_run
from senet_np.runs.run import create_run
from senet_np.tree import tree_items


def finished(folder, settings, dataset, workers=None):
    """A run that is trained to its end."""
    run = create_run(folder, settings, dataset)
    train_run(run, dataset, run.load(), workers=workers)
    return run


def arrays_of(progress):
    """{path: array} of everything that a checkpoint holds."""
    trees = {name: getattr(progress, name) for name in ("params", "state", "optimizer_state")}
    return {f"{name}/{path}": array for name, tree in trees.items() for path, array in tree_items(tree)}


def assert_same_bits(a, b):
    a, b = arrays_of(a), arrays_of(b)
    assert a.keys() == b.keys()
    assert [name for name in a if a[name].tobytes() != b[name].tobytes()] == []
