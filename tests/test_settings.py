"""Settings: each is declared once, and every reader accepts and refuses the same values."""

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from senet_np.cli.main import build_parser, main
from senet_np.errors import SenetError
from senet_np.experiments.comparison import read_comparison
from senet_np.nets import NETS
from senet_np.settings import NAMES, NET_NAMES, RECIPES, Settings, make_settings, settings_from_json, settings_to_json
from senet_np.train.optimizers import OPTIMIZERS

COUNTS = ([2, 100_000], [1, 0, -2, 100_001, 10**30])
VALUES = {  # of each setting: some that are allowed, some that are not
    "data": (["shapes"], ["mnist", ""]),
    "net": (["tiny", "resnet20"], ["lenet", ""]),
    "se": ([True, False], []),
    "attention": (["se", "eca"], ["fc", "none"]),
    "reduction": ([1, 4, 4096], [0, -4, 4097, 5000, 10**30]),
    "squeeze": (["avg", "max", "none", "avg+max"], ["sum", "AVG"]),
    "gate": (["sigmoid", "tanh", "relu", "hard_sigmoid"], ["softmax"]),
    "se_bias": ([True, False], []),
    "position": (["standard", "pre", "post", "identity"], ["inside"]),
    "stages": ([[1], [1, 3], [3, 1]], [[0], [1, 101], [-1]]),
    "widths": ([[16], [16, 16, 16, 16], [4096]], [[0], [4097], [16] * 5, [16] * 9]),
    "classes": ([2, 1000], [1, 0, 100_001]),
    "image_size": ([8, 32, 1024], [7, 1025]),
    "train_images": ([0, 1, 5000, 10**9], [-1, 10**9 + 1]),
    "epochs": ([1, 100_000], [0, -1, 100_001, 10**30]),
    "batch_size": COUNTS,
    "micro_batch": COUNTS,
    "lr": ([0.5, 1e-300, 3], [0, -1.0, float("nan"), float("inf"), 10**400]),
    "optimizer": (["sgd", "adam"], ["lion"]),
    "weight_decay": ([0, 0.1, 2], [-0.1, float("nan"), float("inf")]),
    "schedule": (["cosine", "triangle"], ["linear"]),
    "momentum": ([0, 0.9], [-0.1, 1, 1.5, float("nan")]),
    "bn_bias_lr": ([0, 1, 64], [-1, float("inf")]),
    "lookahead": ([True, False], []),
    "label_smoothing": ([0, 0.2], [-0.1, 1, float("nan")]),
    "augment": ([True, False], []),
    "flip": (["random", "alternating"], ["none", ""]),
    "shift": ([0, 4, 16], [-1, 17]),
    "border": (["black", "reflect"], ["white"]),
    "init": (["normal", "identity"], ["zero"]),
    "whitening": (["none", "init"], ["all"]),
    "seed": ([0, 7, 2**32 - 1], [-1, 2**32, 2**40]),
}
BASE = {"net": "resnet20", "widths": [16, 16, 16], "lr": 0.1}
ALLOWED = [(name, value) for name, (good, _) in VALUES.items() for value in good]
REFUSED = [(name, value) for name, (_, bad) in VALUES.items() for value in bad]


def from_command_line(name, value):
    words = []
    for key, v in {**BASE, name: value}.items():
        option = key.replace("_", "-")
        if isinstance(v, bool):
            words.append(f"--{option}" if v else f"--no-{option}")
        else:
            words.append(f"--{option}={','.join(map(str, v)) if isinstance(v, list) else v}")
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            given = vars(build_parser().parse_args(["train", *words]))
        except SystemExit:
            raise SenetError("refused by the command line") from None
    return make_settings("shapes", {name: given[name] for name in NAMES[1:] if name in given})


def from_json(name, value):
    return settings_from_json(settings_to_json(make_settings("shapes", BASE)) | {name: value})


def from_comparison(folder, name, value):
    """As arm "b" of a comparison file; data and seeds are written above the arms."""
    top = {"title": "t", "data": "shapes", "seeds": [0], "results": "r.jsonl"}
    arm = {**BASE, name: value}
    if name in ("data", "seed"):
        top[{"seed": "seeds"}.get(name, name)] = [arm.pop(name)] if name == "seed" else arm.pop(name)
    spelled = [[f"{key} = {_toml(v)}" for key, v in table.items()] for table in (top, arm)]
    lines = [*spelled[0], "[arms.a]", "epochs = 77", "[arms.b]", *spelled[1]]
    (folder / "c.toml").write_text("\n".join(lines))
    comparison = read_comparison(folder / "c.toml")
    return replace(comparison.arms["b"], seed=comparison.seeds[0])


def _toml(value):
    return {"NaN": "nan", "Infinity": "inf"}.get(json.dumps(value), json.dumps(value))


def test_every_setting_is_tried():
    assert {*VALUES} == {*NAMES}


@pytest.mark.parametrize(("name", "value"), ALLOWED, ids=str)
def test_every_reader_accepts_the_same_values_and_keeps_them_alike(tmp_path, name, value):
    read = from_json(name, value)
    assert from_command_line(name, value) == from_comparison(tmp_path, name, value) == read
    assert settings_from_json(json.loads(json.dumps(settings_to_json(read)))) == read


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=lambda value: f"{value!s:.20}")
def test_every_reader_refuses_the_same_values(tmp_path, name, value):
    with pytest.raises(SenetError, match=rf"^setting {name} is .*, expected "):
        from_json(name, value)
    with pytest.raises(SenetError, match="refused by the command line"):
        from_command_line(name, value)
    with pytest.raises(SenetError):
        from_comparison(tmp_path, name, value)


@pytest.mark.parametrize("value", [None, "4", 4.0, True, [4], {}], ids=repr)
def test_a_value_of_another_type_is_refused_and_named(value):
    with pytest.raises(SenetError, match=r"^setting reduction is .*, expected a whole number from 1 to 4,096$"):
        from_json("reduction", value)


def test_a_number_stays_one_number_however_it_is_written():
    assert settings_to_json(from_json("lr", 3))["lr"] == 3.0
    assert type(from_json("lr", 3).lr) is float
    assert from_json("stages", [3, 1, 3]).stages == (1, 3)


def test_numbers_of_numpy_are_kept_as_those_of_python():
    given = {"reduction": np.int64(8), "lr": np.float32(0.5), "stages": [np.uint8(2), 1], "widths": (np.int32(16),) * 3}
    settings = make_settings("cifar10", given)
    assert settings_from_json(json.loads(json.dumps(settings_to_json(settings)))) == settings
    kept = (settings.reduction, settings.lr, *settings.stages, *settings.widths)
    assert [type(value) for value in kept] == [int, float, int, int, int, int, int]


@pytest.mark.parametrize("value", [np.True_, np.float64(4), np.int64(5000)], ids=repr)
def test_what_is_no_whole_number_in_range_is_refused_from_numpy_too(value):
    with pytest.raises(SenetError, match=r"^setting reduction is .*, expected a whole number from 1 to 4,096$"):
        make_settings("cifar10", {"reduction": value})


def test_a_setting_of_another_name_is_refused():
    with pytest.raises(SenetError, match="there is no setting 'excite', expected one of attention"):
        make_settings("shapes", {"excite": "eca"})
    with pytest.raises(SystemExit):
        main(["train", "--excite", "eca"])


def test_settings_that_do_not_go_together_are_one_clear_sentence():
    with pytest.raises(SenetError, match="attention is 'eca' and squeeze 'max': ECA squeezes by the average"):
        make_settings("shapes", {"attention": "eca", "squeeze": "max"})


@pytest.mark.parametrize(
    ("net", "widths", "expected"),
    [("resnet20", (), r"for example \(16, 32, 64\)"), ("mobilenet_v3_small", (4, 8), "none: leave them out")],
)
def test_a_list_of_widths_is_refused_where_there_is_none_and_missed_where_there_is_one(net, widths, expected):
    with pytest.raises(SenetError, match=rf"^widths are \[.*\], expected of {net} {expected}$"):
        make_settings("shapes", {"net": net, "widths": widths}).build_net()


def test_a_network_made_for_imagenet_has_its_own_defaults():
    settings = make_settings("imagenet", {"net": "resnet50"})
    assert (settings.reduction, settings.classes, settings.image) == (16, 1000, (224, 224, 3))
    assert make_settings("cifar10", {"net": "mobilenet_v3_small"}).gate == "hard_sigmoid"


def test_defaults_depend_on_the_data_the_network_and_the_optimizer():
    cifar10, shapes = make_settings("cifar10", {"net": "inception"}), make_settings("shapes", {"optimizer": "adam"})
    assert (cifar10.epochs, cifar10.augment, cifar10.widths, cifar10.lr) == (10, True, (128, 256), 0.2)
    assert (shapes.epochs, shapes.augment, shapes.widths, shapes.lr) == (3, False, (32, 64, 128), 0.003)
    assert make_settings("cifar10", {"optimizer": "adam"}).bn_bias_lr == 1


def test_every_optimizer_may_be_chosen():
    assert {*VALUES["optimizer"][0]} == {*OPTIMIZERS}


def test_a_net_is_built_from_its_own_settings_alone():
    some = {"net": "resnet20", "widths": (4, 8), "gate": "tanh", "reduction": 2, "se_bias": False, "stages": (2,)}
    assert {*some} < {*NET_NAMES}
    params, _ = make_settings("shapes", some).build_net().init(np.random.default_rng(0))
    assert {*params["stage2"]["block1"]["residual"]["branch"]["se"]} == {"w1", "w2"}
    assert "se" not in params["stage1"]["block1"]["residual"]["branch"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(), "tiny SE-CNN, r = 4"),
        (Settings(se=False, reduction=8), "tiny CNN without SE"),
        (Settings(net="vgg", attention="eca"), "vgg ECA-CNN"),
        (Settings(squeeze="max", se_bias=False), "tiny SE-CNN, r = 4, max, sigmoid, no bias"),
        (Settings(net="vgg", position="standard", stages=(1, 3)), "vgg SE-CNN, r = 4, in stage 1 and 3"),
        (Settings(net="resnet20", position="pre"), "resnet20 SE-CNN, r = 4, position pre"),
    ],
)
def test_a_network_is_described_in_a_few_words(settings, words):
    assert settings.describe() == words


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        ("shapes", {}, ""),
        ("cifar10", {"reduction": 8, "seed": 3}, " --reduction 8 --seed 3"),
        ("cifar10", {"se": False, "se_bias": False}, " --no-se --no-se-bias"),
        ("shapes", {"augment": True, "stages": (1, 3), "attention": "eca"}, " --attention eca --stages 1,3 --augment"),
    ],
)
def test_the_command_that_trains_so_says_what_is_not_the_default(data, options, words):
    command = make_settings(data, options).command
    assert command == f"python -m senet_np train --data {data} --net tiny{words}"
    given = vars(build_parser().parse_args(command.split()[3:]))
    again = make_settings(given["data"], {name: given[name] for name in NAMES[1:] if name in given})
    assert again == make_settings(data, options)


def test_the_table_of_recipes_lists_the_defaults():
    table = (
        (Path(__file__).parents[1] / "docs" / "choices.md").read_text("utf-8").partition("The defaults on CIFAR-10")[2]
    )
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `--")]
    spelled = {True: "yes", False: "no"}
    for net, column in (("sprint", 1), *((net, 2) for net in NETS if net != "sprint")):
        settings = make_settings("cifar10", {"net": net})
        for option, *values in rows:
            value = getattr(settings, option.strip("`-").replace("-", "_"))
            text = (
                spelled[value] if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
            )
            assert values[column - 1] == text, (net, option)
    assert {*RECIPES["cifar10", "sprint"]} == {option.strip("`-").replace("-", "_") for option, *_ in rows}
