"""Public checkpoints are recognized by their names and imported; what does not fit is named.

Their arrays' names and shapes are in a fixture, from timm and torchvision themselves; here the numbers are drawn.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from senet_np.cli import main
from senet_np.data import load_folder
from senet_np.errors import SenetError
from senet_np.runs.load import load
from senet_np.runs.public import as_imagenet, by_name, read_public, recognize

SHAPES = json.loads((Path(__file__).parent / "fixtures" / "public_names.json").read_text("utf-8"))
NETS = {"seresnet50": "resnet50", "legacy_seresnet50": "resnet50_caffe", "mobilenet_v3_small": "mobilenet_v3_small"}


def drawn(name, **changed):
    """Arrays such as a checkpoint has; `changed` are other shapes, None for none, dots as double underscores."""
    rng, shapes = np.random.default_rng(0), dict(SHAPES[name])
    shapes |= {key.replace("__", "."): shape for key, shape in changed.items()}
    arrays = {}
    for key, shape in shapes.items():
        if shape is not None:
            spread = 0.05 if key.endswith("weight") and len(shape) > 1 else 0.5
            arrays[key] = (spread * rng.standard_normal(shape)).astype(np.float16)
            if key.endswith("running_var"):
                arrays[key] = np.abs(arrays[key]) + np.float16(0.5)
            if key.endswith("num_batches_tracked"):
                arrays[key] = np.array(7)
    return arrays


def small(name, **changed):
    """The same of a tenth of the classes' layer, for speed: the convolutions are what they are."""
    last = {"seresnet50": "fc", "legacy_seresnet50": "last_linear", "mobilenet_v3_small": "classifier.3"}[name]
    width = SHAPES[name][f"{last}.weight"][1]
    key = last.replace(".", "__")
    return drawn(name, **{f"{key}__weight": [12, width], f"{key}__bias": [12]}, **changed)


@pytest.mark.parametrize("name", NETS)
def test_every_name_of_a_checkpoint_has_its_place_in_our_network(tmp_path, name):
    path = tmp_path / "weights.npz"
    np.savez(path, **small(name))
    model = read_public(path)
    assert (model.settings.net, model.settings.classes, model.view.size) == (NETS[name], 12, 224)
    assert model.classes == tuple(f"class {k}" for k in range(12))


def test_other_weights_are_no_public_checkpoint():
    assert recognize({"stage1.conv.weight": (4, 3, 3, 3)}) is None


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"features__12__1__bias": None}, r"last.bn.bias is missing"),
        ({"features__13__0__weight": [4, 4]}, r"features\.13\.0\.weight is unknown"),
        (
            {"features__4__block__1__0__weight": [96, 1, 3, 3]},
            r"features\.4\.block\.1\.0\.weight has shape .96, 1, 3, 3., expected .96, 1, 5, 5.",
        ),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, changed, fault):
    path = tmp_path / "weights.npz"
    np.savez(path, **small("mobilenet_v3_small", **changed))
    with pytest.raises(SenetError, match=rf"it is like torchvision's mobilenet_v3_small, but {fault}: fetch it again"):
        read_public(path)


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A run's folder with an imported MobileNet, and the file that it came from beside it."""
    folder = tmp_path_factory.mktemp("imported")
    path, out = folder / "weights.npz", folder / "run"
    np.savez(path, **drawn("mobilenet_v3_small"))
    assert main(["import", str(path), "--out", str(out)]) == 0
    return out


def test_an_imported_network_knows_how_images_are_to_be_cut_and_what_the_classes_are_called(imported):
    model = load(str(imported))
    assert model.view.words == "shorter side to 256 pixels (bilinear), then the middle 224×224"
    assert (len(model.classes), model.classes[281]) == (1000, "tabby")
    np.testing.assert_allclose(model.normalizer.mean / 255, [0.485, 0.456, 0.406], rtol=1e-6)


def test_classes_of_fine_tuned_weights_get_their_names_from_a_file(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", **small("mobilenet_v3_small"))
    names = [f"pet {k}" for k in range(12)]
    command = ["import", str(tmp_path / "a.npz"), "--class-names", str(tmp_path / "names.txt"), "--out"]
    (tmp_path / "names.txt").write_text("\n".join(names[:11]))
    assert main([*command, str(tmp_path / "run")]) == 2
    assert "has 11 names, 11 of them different, and the network 12 classes" in capsys.readouterr().err
    (tmp_path / "names.txt").write_text("\n".join(names), "utf-8-sig")  # as Windows' editor writes it
    assert main([*command, str(tmp_path / "run")]) == 0
    assert load(str(tmp_path / "run")).classes == tuple(names)


def test_it_answers_to_a_photo_with_five_names_and_draws_the_gates(imported, tmp_path, capsys):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)).save(tmp_path / "a.png")
    assert main(["explain", str(imported), "--image", str(tmp_path / "a.png")]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert len(lines) == 5
    assert {line.split("%")[1].strip() for line in lines} <= {*load(str(imported)).classes}
    assert (imported / "plots" / "answer.png").stat().st_size > 10_000


def test_it_is_evaluated_on_folders_that_are_named_like_imagenets_classes(imported, tmp_path, capsys, monkeypatch):
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "cache"))
    for name in ("n01440764", "tabby", "mine"):
        for k in range(3):
            path = tmp_path / "some" / name / f"{k}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8, 3), 20 * k, np.uint8)).save(path)
    evaluate = ["evaluate", str(imported), "--data", str(tmp_path / "some")]
    assert main(evaluate) == 2
    assert "classes that the network does not know: mine; name the folders like" in capsys.readouterr().err
    (tmp_path / "some" / "mine").rename(tmp_path / "some" / "goldfish")
    assert main(evaluate) == 0
    assert " of 9, " in capsys.readouterr().out.splitlines()[-1]
    model = load(str(imported))
    data = by_name(load_folder(tmp_path / "some", model.view))
    assert data.classes == ("goldfish", "tench", "tabby")
    assert sorted({*as_imagenet(data, model).labels.tolist()}) == [0, 1, 281]


def test_options_that_agree_with_the_network_of_the_file_are_taken_and_others_are_refused(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", **small("mobilenet_v3_small"))
    again = ["import", str(tmp_path / "a.npz"), "--out", str(tmp_path / "b"), "--net"]
    assert main([*again, "tiny"]) == 2
    assert "--net is tiny, but the file's network has mobilenet_v3_small" in capsys.readouterr().err
    assert main([*again, "mobilenet_v3_small", "--classes", "12"]) == 0


def test_an_imported_network_is_exported_and_imported_again(imported, tmp_path):
    file, again = tmp_path / "again.npz", tmp_path / "again"
    assert main(["export", str(imported), str(file)]) == 0
    assert main(["import", str(file), "--out", str(again)]) == 0
    one, other = load(str(imported)), load(str(again))
    assert (one.view, one.classes, one.settings.net) == (other.view, other.classes, other.settings.net)
    image = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), np.uint8)
    assert np.array_equal(one.run(image), other.run(image))


def test_grouped_convolutions_are_refused_as_such(tmp_path, capsys):
    np.savez(tmp_path / "next.npz", **small("seresnet50", layer1__0__conv2__weight=[64, 2, 3, 3]))
    assert main(["import", str(tmp_path / "next.npz"), "--out", str(tmp_path / "run")]) == 2
    assert "layer1.0.conv2.weight has shape [64, 2, 3, 3]: grouped convolutions, as SE-Res" in capsys.readouterr().err


def test_a_file_that_says_nothing_and_is_no_public_one_is_told_which_those_are(tmp_path, capsys):
    np.savez(tmp_path / "theirs.npz", **{"blocks.0.weight": np.ones((3, 3))})
    assert main(["import", str(tmp_path / "theirs.npz"), "--out", str(tmp_path / "run"), "--data", "shapes"]) == 2
    message = capsys.readouterr().err
    assert "does not say which network it holds" in message
    assert "timm's seresnet50, timm's legacy_seresnet50, torchvision's mobilenet_v3_small" in message


def test_data_is_not_for_public_weights(imported, tmp_path, capsys):
    file = str(imported.parent / "weights.npz")
    assert main(["import", file, "--out", str(tmp_path / "run"), "--data", "shapes"]) == 2
    assert "leave --data out, and give it to explain" in capsys.readouterr().err


@pytest.mark.parametrize("prefix", ["module.", "model.", "module.model."])
def test_a_prefix_of_all_names_is_taken_off(tmp_path, prefix):
    np.savez(tmp_path / "w.npz", **{prefix + key: array for key, array in small("mobilenet_v3_small").items()})
    assert read_public(tmp_path / "w.npz").settings.net == "mobilenet_v3_small"


def test_two_arrays_for_one_place_are_named(tmp_path):
    arrays = small("seresnet50")
    arrays["layer1.0.se_module.fc1.bias"] = arrays["layer1.0.se.fc1.bias"]
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(SenetError, match=r"layer1\.0\.se\.fc1\.bias and layer1\.0\.se_module\.fc1\.bias would be"):
        read_public(tmp_path / "w.npz")
