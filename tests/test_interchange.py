"""Weights leave as PyTorch names and lays them out, and come back; what does not fit is refused in one sentence."""

import json
import struct
import sys
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest
from small_weights import NET, assert_same, changed, drawn, refusal, refused, tree_map_both

from senet_np.nets import NETS, tiny
from senet_np.runs.interchange import (
    from_pytorch,
    load_metadata,
    load_weights,
    save_weights,
    to_pytorch,
    unfilled,
)
from senet_np.runs.weight_files import write_arrays
from senet_np.tree import tree_items

every_ending = pytest.mark.parametrize("ending", ["npz", "safetensors"])


@pytest.fixture(autouse=True)
def with_safetensors(request):
    """Where safetensors is not installed, its tests are skipped."""
    if "safetensors" in request.node.name:
        pytest.importorskip("safetensors.numpy")


def arrays_in(trees):
    return [array for tree in trees for _, array in tree_items(tree)]


# ---- names and layouts ----------------------------------------------------------------------------------------------


def test_names_and_shapes_are_those_of_pytorch():
    net = tiny(widths=(4, 6), stages=(1,))
    assert {name: array.shape for name, array in to_pytorch(*drawn(net)).items()} == {
        "stage1.conv.weight": (4, 3, 3, 3),
        "stage1.bn.weight": (4,), "stage1.bn.bias": (4,),
        "stage1.bn.running_mean": (4,), "stage1.bn.running_var": (4,),
        "stage1.se.fc1.weight": (2, 4), "stage1.se.fc1.bias": (2,),
        "stage1.se.fc2.weight": (4, 2), "stage1.se.fc2.bias": (4,),
        "stage2.conv.weight": (6, 4, 3, 3),
        "stage2.bn.weight": (6,), "stage2.bn.bias": (6,),
        "stage2.bn.running_mean": (6,), "stage2.bn.running_var": (6,),
        "head.fc.weight": (10, 6), "head.fc.bias": (10,),
    }  # fmt: skip


def test_every_number_lands_where_pytorch_looks_for_it():
    params, state = drawn()
    theirs, stage = to_pytorch(params, state), params["stage2"]
    assert theirs["stage2.conv.weight"][5, 1, 2, 0] == stage["conv"]["w"][2, 0, 1, 5]
    assert theirs["stage2.se.fc1.weight"][1, 4] == stage["se"]["w1"][4, 1]
    assert theirs["stage2.se.fc2.weight"][4, 1] == stage["se"]["w2"][1, 4]
    assert theirs["head.fc.weight"][7, 2] == params["head"]["fc"]["w"][2, 7]
    assert theirs["stage2.bn.weight"][3] == stage["bn"]["gamma"][3]
    assert theirs["stage2.bn.running_var"][3] == state["stage2"]["bn"]["var"][3]


def test_a_kernel_of_one_axis_is_that_of_eca():
    params, state = drawn(tiny(widths=(16,), attention="eca"))
    theirs = to_pytorch(params, state)
    assert np.array_equal(theirs["stage1.se.conv.weight"], params["stage1"]["se"]["w"][None, None])


def test_what_leaves_and_what_comes_in_is_contiguous_and_a_copy():
    ours = drawn()
    theirs = to_pytorch(*ours)
    back = from_pytorch(theirs, *unfilled(NET))
    for new, old in ((theirs.values(), arrays_in(ours)), (arrays_in(back), theirs.values())):
        assert all(array.flags.c_contiguous and array.flags.writeable for array in new)
        assert not any(np.shares_memory(a, b) for a in new for b in old)


@pytest.mark.parametrize(
    "choices", [{}, {"se": False}, {"se_bias": False, "squeeze": "none"}, {"attention": "eca"}], ids=str
)
@pytest.mark.parametrize("name", ["tiny", "vgg", "inception", "resnet20", "sprint", "resnet50", "mobilenet_v3_small"])
def test_every_net_comes_back_bit_for_bit(name, choices):
    narrow = {"resnet50": {"widths": (8, 8, 8, 8)}, "mobilenet_v3_small": {"width": 0.25}}
    net = NETS[name].build(**narrow.get(name, {"widths": (16, 16)}), **choices)
    trees = drawn(net)
    assert_same(from_pytorch(to_pytorch(*trees), *unfilled(net)), trees)


def test_an_unfilled_net_has_the_names_and_shapes_of_a_drawn_one_in_no_memory():
    net = NETS["resnet110"].build(widths=(64, 128))
    tracemalloc.start()
    trees = unfilled(net)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    for unfilled_tree, tree in zip(trees, net.init(np.random.default_rng(0)), strict=True):
        assert [(p, a.shape, a.dtype) for p, a in tree_items(unfilled_tree)] == [
            (p, a.shape, a.dtype) for p, a in tree_items(tree)
        ]
    assert held < 2e6 < sum(a.nbytes for _, a in tree_items(trees[0]))


def test_an_array_that_pytorch_has_no_name_for_is_refused():
    assert "prelu.alpha, an array of 1 axes, has no name" in refusal(to_pytorch, {"prelu": {"alpha": np.ones(3)}}, {})


# ---- what may come in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_floats_of_any_width_become_float32(dtype):
    weights = {name: array.astype(np.float16).astype(dtype) for name, array in to_pytorch(*drawn()).items()}
    ours = from_pytorch(weights, *unfilled(NET))
    assert_same(ours, tree_map_both(lambda a: a.astype(np.float16).astype(np.float32), drawn()))


def test_pytorchs_counter_of_batches_is_left_out():
    weights = {**to_pytorch(*drawn()), "stage1.bn.num_batches_tracked": np.array(7)}
    assert_same(from_pytorch(weights, *unfilled(NET)), drawn())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head__fc__bias": None}, "arrays missing: head.fc.bias (1 of 20): choose the network that"),
        ({"head__fc__scale": np.ones(3)}, "arrays unknown: 'head.fc.scale' (1): choose the network that"),
        ({"head__fc__bias": None, "x": np.ones(3)}, "arrays missing: head.fc.bias (1 of 20); unknown: 'x' (1): choose"),
        ({"two\nlines": np.ones(3)}, r"arrays unknown: 'two\nlines' (1)"),
        ({"params/head.fc.w": np.ones(3)}, "this is a run's checkpoint: export the run, and take that file"),
        ({"head__fc__weight": np.ones((6, 10), "f4")}, "head.fc.weight has shape [6, 10], expected [10, 6]"),
        ({"head__fc__bias": np.ones((1, 10), "f4")}, "head.fc.bias has shape [1, 10], expected [10]"),
        ({"head__fc__bias": np.ones(10, "i8")}, "head.fc.bias is of dtype int64, expected one of ['float16'"),
        ({"head__fc__bias": np.ones(10, "c8")}, "head.fc.bias is of dtype complex64"),
        ({"head__fc__bias": np.full(10, np.nan)}, "head.fc.bias holds NaN"),
        ({"stage1__bn__running_mean": np.full(4, np.inf)}, "stage1.bn.running_mean holds NaN, or numbers that are inf"),
        ({"head__fc__bias": np.full(10, 1e300)}, "head.fc.bias holds NaN, or numbers that are infinite in float32"),
        ({"stage1__bn__running_var": np.full(4, -1.0)}, "stage1.bn.running_var holds numbers below 0"),
    ],
    ids=str,
)
def test_weights_that_do_not_fit_are_refused_by_name(changes, message):
    assert message in refused(changed(**changes))


# ---- files ----------------------------------------------------------------------------------------------------------


@every_ending
def test_a_file_holds_every_bit_and_what_is_said_about_it(tmp_path, ending):
    path = tmp_path / f"weights.{ending}"
    save_weights(path, *drawn(), {"source": "drawn, ×"})
    assert_same(load_weights(path, *unfilled(NET)), drawn())
    assert load_metadata(path) == {"source": "drawn, ×"}
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@every_ending
def test_the_same_weights_make_the_same_file_and_metadata_may_be_left_out(tmp_path, ending):
    paths = [tmp_path / f"{k}.{ending}" for k in range(2)]
    for path in paths:
        save_weights(path, *drawn())
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert load_metadata(paths[0]) == {}


def test_numpy_alone_reads_the_npz(tmp_path):
    save_weights(tmp_path / "weights.npz", *drawn())
    with np.load(tmp_path / "weights.npz") as file:
        assert all(np.array_equal(file[name], array) for name, array in to_pytorch(*drawn()).items())


def test_the_writer_of_safetensors_itself_corrupts_a_transposed_array():
    from safetensors.numpy import load, save

    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    back = load(save({"w": matrix.T}))["w"]
    if np.array_equal(back, matrix.T):
        pytest.skip("this version of safetensors minds the strides")
    assert back.tolist() == [[0, 1], [2, 3], [4, 5]]  # the shape is right, and the numbers are those of `matrix`


def test_what_we_write_as_safetensors_is_right_where_every_array_was_transposed(tmp_path):
    from safetensors.numpy import load_file

    path, expected = tmp_path / "weights.safetensors", to_pytorch(*drawn())
    write_arrays(path, {name: np.asfortranarray(array) for name, array in expected.items()}, {})
    assert all(np.array_equal(array, expected[name]) for name, array in load_file(path).items())
    save_weights(path, *tree_map_both(np.asfortranarray, drawn()))
    written = load_file(path)
    assert written.keys() == expected.keys()
    assert all(np.array_equal(written[name], array) for name, array in expected.items())


def test_without_safetensors_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    message = refusal(save_weights, tmp_path / "weights.safetensors", *drawn())
    assert 'pip install "senet_np[interchange]", or use an .npz file' in message


@pytest.mark.parametrize("name", ["weights.pt", "weights", "weights.npz.gz"])
def test_a_file_of_another_ending_is_not_written(tmp_path, name):
    assert "expected .safetensors or .npz: name such a file" in refusal(save_weights, tmp_path / name, *drawn())
    assert not [*tmp_path.iterdir()]


@every_ending
def test_a_file_that_is_not_there_is_refused(tmp_path, ending):
    assert "does not exist" in refusal(load_weights, tmp_path / f"weights.{ending}", *unfilled(NET))
    (tmp_path / f"folder.{ending}").mkdir()
    assert "is not a file" in refusal(load_weights, tmp_path / f"folder.{ending}", *unfilled(NET))
    assert "could not write" in refusal(save_weights, tmp_path / "nowhere" / f"weights.{ending}", *drawn())


@every_ending
def test_a_file_cut_off_anywhere_is_refused(tmp_path, ending):
    path = tmp_path / f"weights.{ending}"
    save_weights(path, *drawn(), {"source": "drawn"})
    whole = path.read_bytes()
    for size in (0, 3, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert f"cannot be read as .{ending}" in refusal(load_weights, path, *unfilled(NET))


def test_a_byte_that_changed_in_an_npz_is_noticed(tmp_path):
    path = tmp_path / "weights.npz"
    save_weights(path, *drawn())
    content = bytearray(path.read_bytes())
    content[content.index(drawn()[0]["head"]["fc"]["b"].tobytes())] ^= 1
    path.write_bytes(content)
    assert "Bad CRC-32" in refusal(load_weights, path, *unfilled(NET))


def test_an_npz_that_needs_pickle_is_refused_unread(tmp_path):
    weights: Any = {**to_pytorch(*drawn()), "head.fc.bias": np.array([print] * 10, object)}
    np.savez(tmp_path / "weights.npz", **weights)
    message = refusal(load_weights, tmp_path / "weights.npz", *unfilled(NET))
    assert "head.fc.bias is of dtype object (in a file a pickle, which can carry code)" in message


def test_an_npz_that_declares_more_than_it_has_takes_no_memory(tmp_path):
    bomb, others = tmp_path / "bomb.npz", dict[str, Any](to_pytorch(*drawn()))
    del others["head.fc.bias"]
    np.savez(bomb, **others)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as new, new.open("head.fc.bias.npy", "w") as member:
        header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)}
        np.lib.format.write_array_header_1_0(member, header)
        member.write(bytes(64 << 20))
    tracemalloc.start()
    message = refusal(load_weights, bomb, *unfilled(NET))
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "head.fc.bias has shape [1099511627776], expected [10]" in message
    assert held < 4e6


def test_a_safetensors_header_that_declares_more_than_it_has_is_refused(tmp_path):
    header = json.dumps({"w": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}).encode()
    path = tmp_path / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    assert "cannot be read as .safetensors" in refusal(load_weights, path, *unfilled(NET))


@pytest.mark.parametrize("said", ["[1]", '{"a": 1}', "{", np.zeros(3), np.array("x" * (5 << 20))], ids=range(5))
def test_metadata_of_an_npz_that_are_none_are_refused(tmp_path, said):
    path = tmp_path / "weights.npz"
    np.savez_compressed(path, **{**to_pytorch(*drawn()), "__metadata__": said})
    assert "cannot be read as .npz" in refusal(load_metadata, path)
