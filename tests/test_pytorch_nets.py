"""bench/pytorch_nets.py and our nets give the same logits from the same file, whoever wrote it.

Skipped without PyTorch; `make ci-extra` installs it.
"""

import ast
import importlib.util
import json
import re
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import senet_np
from senet_np.cli import main
from senet_np.nets import NETS
from senet_np.runs.interchange import from_pytorch, load_weights, save_weights, to_pytorch, unfilled
from senet_np.runs.run import open_run
from senet_np.tree import tree_items, tree_map

torch = pytest.importorskip("torch", reason="PyTorch is not installed; `make ci-extra` installs it")
safetensors_torch = pytest.importorskip("safetensors.torch")
torch.set_num_threads(1)  # the arrays are small: threads would only wait for one another

FILE = Path(senet_np.__file__).parent / "bench" / "pytorch_nets.py"
WIDTHS = {"tiny": (6, 8, 10), "vgg": (6, 8, 10), "inception": (16, 32), "resnet20": (6, 8, 10)}
WIDTHS |= {"sprint": (6, 8, 10)}
DEEP = {"resnet50": (4, 4, 6, 6), "resnet50_caffe": (4, 4, 6, 6), "mobilenet_v3_small": None}
MOMENTUM = {"mobilenet_v3_small": 0.01}  # of batch norm; 0.1 in all others
OPTIONS = [
    {},
    {"se": False},
    {"squeeze": "max", "gate": "tanh", "stages": (2,)},
    {"squeeze": "none", "reduction": 2},
    {"squeeze": "avg+max", "se_bias": False},
    {"gate": "relu"},
    {"gate": "hard_sigmoid"},
    {"attention": "eca", "gate": "tanh"},
]
FROZEN = [("sprint", {"frozen": False})]
PLACES = [{"position": place, **more} for place in ("pre", "post", "identity") for more in ({}, {"attention": "eca"})]
CASES = [(net, options) for net in WIDTHS for options in OPTIONS] + [("resnet20", place) for place in PLACES] + FROZEN
CASES += [(net, options) for net in DEEP for options in OPTIONS[:3]] + [("resnet50", place) for place in PLACES[::2]]
every_case = pytest.mark.parametrize(("name", "options"), CASES, ids=str)
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def theirs():
    """pytorch_nets.py as a user has it: a file by itself."""
    spec = importlib.util.spec_from_file_location("pytorch_nets", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_needs_pytorch_alone():
    nodes = [*ast.walk(ast.parse(FILE.read_text("utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {"." * node.level + (node.module or "") for node in nodes if isinstance(node, ast.ImportFrom)}
    assert names - sys.stdlib_module_names == {"torch", "torch.nn"}


def make_pair(theirs, name, options):
    """Our net and PyTorch's, both without the numbers."""
    widths = (WIDTHS | DEEP)[name]
    options = {"widths": widths, **options} if widths else options
    ours = NETS[name].build(**options)
    whitening = {} if options.pop("frozen", True) else {"whitening": "none"}
    return ours, theirs.build({"net": name, **options, **whitening}).eval()


def images():
    return np.random.default_rng(1).standard_normal((3, 16, 24, 3)).astype(np.float32)  # not square


def assert_same_logits(name, net, params, state, module):
    """In float32; in float64 through fifty layers with random weights, where rounding errors grow a thousandfold."""
    x, trees = images(), (params, state)
    if name in DEEP:
        x, trees, module = np.float64(x), [tree_map(np.float64, tree) for tree in trees], module.double()
    ours = net.forward(*trees, x, False)[0]
    with torch.no_grad():
        theirs = module(torch.from_numpy(x).permute(0, 3, 1, 2)).numpy()
    assert ours.std(axis=0).max() > 100 * TOLERANCE  # they depend on the image
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)


def initialized(net, momentum=0.1):
    """Parameters of which none is 0 or 1, and the running statistics that fit them: those of one batch."""
    rng = np.random.default_rng(0)
    params, fresh = net.init(rng)
    params = tree_map(lambda a: (a + rng.normal(0, 0.3, a.shape)).astype(np.float32) if a.ndim < 4 else a, params)
    moved = net.forward(params, fresh, images(), True)[2]
    return params, tree_map(lambda new, old: ((new - (1 - momentum) * old) / momentum).astype(np.float32), moved, fresh)


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
@every_case
def test_a_file_written_here_gives_the_same_logits_there(tmp_path, theirs, name, options, ending):
    net, module = make_pair(theirs, name, options)
    params, state = initialized(net, MOMENTUM.get(name, 0.1))
    path = tmp_path / f"weights.{ending}"
    save_weights(path, params, state)
    if ending == "npz":
        tensors = {name: torch.from_numpy(array) for name, array in np.load(path).items()}
    else:
        tensors = safetensors_torch.load_file(path)
    module.load_state_dict(tensors, strict=True)
    assert_same_logits(name, net, params, state, module)


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
@every_case
def test_a_file_written_there_gives_the_same_logits_here(tmp_path, theirs, name, options, ending):
    torch.manual_seed(0)
    net, module = make_pair(theirs, name, options)
    norms = [m for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0  # the running statistics are then those of the one batch that they see
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.normal_(norm.bias)
    module.train()(torch.from_numpy(images()).permute(0, 3, 1, 2))
    module.eval().head[-1].weight.data *= 10
    assert all(norm.num_batches_tracked == 1 for norm in norms)
    path = tmp_path / f"weights.{ending}"
    if ending == "npz":
        np.savez(path, **{name: tensor.numpy() for name, tensor in module.state_dict().items()})
    else:
        safetensors_torch.save_file(module.state_dict(), path)
    assert_same_logits(name, net, *load_weights(path, *unfilled(net)), module)


@pytest.mark.parametrize(("excite", "attention"), [("fc", "se"), ("eca", "eca")])
def test_settings_that_version_0_1_wrote_build_the_same_network(theirs, excite, attention):
    old, new = (theirs.build({"net": "tiny", **options}) for options in ({"excite": excite}, {"attention": attention}))
    assert repr(old) == repr(new)


def test_a_state_dict_itself_will_do(theirs):
    net, module = make_pair(theirs, "tiny", {})
    back = to_pytorch(*from_pytorch(module.state_dict(), *unfilled(net)))
    counters = {name for name in module.state_dict() if name.endswith("num_batches_tracked")}
    assert back.keys() == module.state_dict().keys() - counters
    assert all(np.array_equal(array, module.state_dict()[name]) for name, array in back.items())


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_floats_of_pytorch_become_float32(tmp_path, theirs, dtype):
    net, module = make_pair(theirs, "tiny", {})
    safetensors_torch.save_file(module.to(dtype).state_dict(), tmp_path / "weights.safetensors")
    params, state = load_weights(tmp_path / "weights.safetensors", *unfilled(net))
    assert {a.dtype for tree in (params, state) for _, a in tree_items(tree)} == {np.dtype(np.float32)}


def test_the_usage_at_the_head_of_the_file_works_on_an_exported_run(tmp_path, monkeypatch, theirs, few_shapes):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: few_shapes)
    monkeypatch.setitem(sys.modules, "pytorch_nets", theirs)
    few = ["--data", "shapes", "--epochs", "1", "--net", "resnet20", "--widths", "4,4,6", "--gate", "tanh"]
    few += ["--reduction", "2", "--position", "post"]
    main(["train", *few, "--no-plots", "--out", "run"])
    assert [main(["export", "run", f"mine.{ending}"]) for ending in ("safetensors", "npz")] == [0, 0]
    run, pixels = open_run(tmp_path / "run"), few_shapes.test.images
    progress = run.load()
    ours = run.settings.build_net().forward(progress.params, progress.state, run.normalizer(pixels), False)[0]

    first, second = re.findall(r"^    .*\n(?:(?:    .*)?\n)*", theirs.__doc__, re.MULTILINE)[:2]
    names = {"images": torch.from_numpy(pixels), "torch": torch, "numpy": np, "json": json, "build": theirs.build}
    exec(textwrap.dedent(first), names)
    np.testing.assert_allclose(names["logits"].detach().numpy(), ours, rtol=0, atol=TOLERANCE * ours.std())
    loaded = names.pop("net").state_dict()
    exec(textwrap.dedent(second), names)
    assert all(torch.equal(a, loaded[name]) for name, a in names["net"].state_dict().items())
