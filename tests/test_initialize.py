"""First weights that know something: whitening kernels, and convolutions that pass their input on."""

import numpy as np
import pytest

from senet_np.data import load_shapes
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.model import new_model
from senet_np.nets import resnet, sprint, tiny
from senet_np.nets.initialize import EPS, pass_on, whiten, whitening_kernels
from senet_np.ops import conv2d_forward
from senet_np.settings import make_settings
from senet_np.train.loop import gradients
from senet_np.tree import tree_items


def smooth_images(n=200):
    """Images in which neighboring pixels are alike, of mean 0."""
    noise = np.random.default_rng(0).standard_normal((n, 12, 12, 3))
    x = noise + np.roll(noise, 1, axis=1) + np.roll(noise, 1, axis=2) + noise.mean(axis=-1, keepdims=True)
    return x - x.mean(axis=(0, 1, 2))


def test_whitened_patches_are_uncorrelated_and_of_variance_1():
    x = smooth_images()
    y, _ = conv2d_forward(x, whitening_kernels(x, 3, 54)[..., :27], None, stride=1, pad=0)
    rows = y.reshape(-1, 27)
    covariance = rows.T @ rows / len(rows)
    assert np.allclose(covariance, np.eye(27), atol=2e-2)  # ε is some thousandths of the smallest variance
    assert np.allclose(covariance - np.diag(covariance.diagonal()), 0, atol=1e-8)


def test_the_second_half_of_the_kernels_is_the_first_with_its_sign_turned():
    kernels = whitening_kernels(smooth_images(), 2, 10)
    assert kernels.shape == (2, 2, 3, 10)
    assert np.array_equal(kernels[..., 5:], -kernels[..., :5])


def test_kernels_come_in_the_order_of_the_variance_that_they_find():
    x = smooth_images()
    y, _ = conv2d_forward(x, whitening_kernels(x, 3, 20)[..., :10], None, stride=1, pad=0)
    lengths = np.linalg.norm(whitening_kernels(x, 3, 20)[..., :10].reshape(-1, 10), axis=0)  # 1/√(λ + ε)
    assert (np.diff(lengths) > 0).all()
    assert (np.square(y).mean(axis=(0, 1, 2)) < 1).all()  # λ/(λ + ε)


def test_a_direction_without_variance_is_not_blown_up():
    x = np.repeat(smooth_images()[..., :1], 3, axis=-1)  # grey: two thirds of a patch are copies
    assert np.abs(whitening_kernels(x, 2, 24)).max() <= 1 / np.sqrt(EPS) * (1 + 1e-9)


@pytest.mark.parametrize("channels", [0, 3, 26])
def test_a_number_of_kernels_that_cannot_be_is_refused(channels):
    with pytest.raises(ValueError, match=f"channels is {channels}, expected an even number from 2 to 24"):
        whitening_kernels(smooth_images(2), 2, channels)


def test_convolutions_pass_their_input_on():
    net = sprint(widths=(8, 40), se=False)
    params = pass_on(net, net.init(np.random.default_rng(0))[0])
    x = np.random.default_rng(1).standard_normal((2, 6, 6, 32)).astype(np.float32)
    fewer, _ = conv2d_forward(x, params["stage1"]["conv1"]["w"], None)  # 32 → 8: the first eight
    assert np.array_equal(fewer, x[..., :8])
    more, _ = conv2d_forward(x[..., :8], params["stage2"]["conv1"]["w"], None)  # 8 → 40: eight, and 32 as drawn
    assert np.array_equal(more[..., :8], x[..., :8])
    assert more[..., 8:].std() > 0.5


def test_kernels_with_a_stride_and_all_else_stay_as_they_were_drawn():
    net = resnet(widths=(4, 6), blocks=1)
    params = net.init(np.random.default_rng(0))[0]
    changed = {path for (path, a), (_, b) in zip(tree_items(params), tree_items(pass_on(net, params)), strict=True)
               if not np.array_equal(a, b)}  # fmt: skip
    convs = {"stem.conv.w", "stage1.block1.residual.branch.conv1.w", "stage1.block1.residual.branch.conv2.w"}
    assert changed == convs | {"stage2.block1.residual.branch.conv2.w"}


@pytest.mark.parametrize(("c", "whitened"), [(1, 0), (4, 4), (5, 4), (60, 54)])
def test_the_first_convolution_is_whitened_as_far_as_its_channels_go(c, whitened):
    net, x = tiny(widths=(c, 4)), smooth_images(20)
    trees = net.init(np.random.default_rng(0))
    (params, state), before = whiten(net, *trees, x), trees[0]["stage1"]["conv"]["w"]
    w = params["stage1"]["conv"]["w"]
    if whitened:
        assert np.array_equal(w[..., :whitened], whitening_kernels(x, 3, whitened).astype(np.float32))
    assert np.array_equal(w[..., whitened:], before[..., whitened:])
    assert params["stage2"] == trees[0]["stage2"]
    assert dict(tree_items(state)).keys() == dict(tree_items(trees[1])).keys()


def small_model(**given):
    dataset = load_shapes(seed=3, sizes=(60, 10, 10))
    return new_model(make_settings("shapes", {"net": "sprint", "widths": (4, 4), **given}), dataset), dataset


def test_a_new_sprint_net_whitens_its_training_images():
    model, dataset = small_model()
    expected = whitening_kernels(model.normalizer(dataset.train.images), 3, 32)
    assert np.array_equal(model.state["stem"]["conv"]["w"], expected.astype(np.float32))


@pytest.mark.parametrize("micro_batch", [3, 7, 10])
def test_frozen_kernels_stay_to_the_last_bit_however_a_minibatch_is_cut(micro_batch):
    model, dataset = small_model()
    x, labels = model.normalizer(dataset.train.images[:21]), dataset.train.labels[:21]
    for workers in (1, 2):
        with Workers(workers) as pool:
            found = gradients(model.net, model.params, model.state, x, labels, micro_batch, pool)
            gradients(model.net, model.params, model.state, x[::-1].copy(), labels, micro_batch, pool)
        assert np.array_equal(found.state["stem"]["conv"]["w"], model.state["stem"]["conv"]["w"])
        assert "stem" not in found.grads


@pytest.mark.parametrize("whitening", ["none", "init"])
def test_a_first_convolution_that_is_not_frozen_learns(whitening):
    model, dataset = small_model(whitening=whitening)
    kernels = whitening_kernels(model.normalizer(dataset.train.images), 3, 32).astype(np.float32)
    assert np.array_equal(model.params["stem"]["conv"]["w"], kernels) == (whitening == "init")


def test_freezing_where_no_convolution_can_be_frozen_is_one_clear_sentence():
    with pytest.raises(SenetError, match="whitening is 'frozen', and tiny trains all convolutions: choose sprint, or"):
        make_settings("cifar10", {"whitening": "frozen"}).build_net()
