"""The opponent of the benchmark computes the same as we do. Skipped without PyTorch; `make ci-extra` installs it."""

import pytest

from senet_np.bench import photo
from senet_np.bench.nets import NETS, duel, step_arguments
from senet_np.bench.pytorch import LAYOUTS, PyTorch

pytest.importorskip("torch", reason="PyTorch is not installed: there is no opponent; `make ci-extra` installs it")


@pytest.fixture(scope="module")
def pytorch():
    with PyTorch(1) as opponent:
        yield opponent


@pytest.mark.parametrize("name", NETS)
def test_loss_and_gradients_are_pytorchs_over_the_same_micro_batches(pytorch, name):
    result = duel(NETS[name], 6, 3, workers=1, rounds=1, pytorch=pytorch, compiled=False)
    assert max(result["deviation"].values()) < 1e-3
    forms = [f"PyTorch eager, {layout}, {size}" for layout in LAYOUTS for size in ("micro-batches of 3", "full batch")]
    assert [*result["seconds"]] == ["senet_np", *forms]
    assert result["eager"]["fastest"] in forms


def test_both_cut_a_minibatch_into_the_same_uneven_pieces(pytorch):
    result = duel(NETS["tiny"], 7, 3, workers=1, rounds=1, pytorch=pytorch, compiled=False)
    assert result["deviation"]["worst parameter, float64"] < 1e-9


@pytest.mark.parametrize("net", photo.NETS, ids=[net.title for net in photo.NETS])
def test_a_photo_gives_pytorchs_logits(pytorch, net):
    result = photo.measure(net, workers=1, rounds=1, pytorch=pytorch)
    assert result["deviation"] < 1e-4
    assert {*result["seconds"]} == {"senet_np", *(f"PyTorch eager, {layout}" for layout in LAYOUTS)}


def test_what_goes_wrong_over_there_is_reported_here(pytorch):
    with pytest.raises(RuntimeError, match=r"AttributeError: .*'perceptron'"):
        pytorch.ask("take", "perceptron", {}, {}, *step_arguments(NETS["tiny"].build(), 2)[3:])
