"""A whole training in PyTorch (docs/tools/pytorch_compare.py) goes as ours does, step by step.

Skipped without PyTorch; `make ci-extra` installs it.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from senet_np.experiments.comparison import read_comparison
from senet_np.experiments.report import make_report
from senet_np.experiments.runner import Job, measured
from senet_np.fast.workers import Workers
from senet_np.model import new_model
from senet_np.runs.interchange import from_pytorch, to_pytorch
from senet_np.settings import make_settings
from senet_np.train.evaluation import evaluate
from senet_np.train.loop import train
from senet_np.train.optimizers import make_optimizer
from senet_np.train.progress import Callback, Progress

torch = pytest.importorskip("torch", reason="PyTorch is not installed; `make ci-extra` installs it")
torch.set_num_threads(1)  # the arrays are small: threads would only wait for one another
sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "tools"))

import pytorch_compare  # noqa: E402
from pytorch_compare import main, make_tests, result  # noqa: E402
from pytorch_train import Twin, pad  # noqa: E402

RECIPE = {"batch_size": 16, "micro_batch": 8, "epochs": 2, "augment": True}
FULL = RECIPE | {"schedule": "triangle", "bn_bias_lr": 16, "lookahead": True, "label_smoothing": 0.2}
FULL |= {"flip": "alternating", "shift": 2, "border": "reflect"}
SMALL = {"widths": (4, 4, 8)}
CASES = {
    "simple recipe": SMALL | RECIPE,
    "all pieces": SMALL | FULL,
    "without SE": SMALL | FULL | {"se": False},
    "no augmentation": SMALL | FULL | {"augment": False},
    "sprint": {"net": "sprint", "widths": (8, 8, 8)} | FULL,
    "ResNet-20": {"net": "resnet20", "widths": (8, 8, 16)} | FULL,
    "ECA": SMALL | FULL | {"attention": "eca"},
    "no squeeze": SMALL | FULL | {"squeeze": "none"},
}


TOLERANCE = 1e-4  # of weights that training moved by 0.1 and more


def padded(dataset, settings):
    return torch.from_numpy(pad(dataset.train.images, settings.shift, settings.border))


@pytest.mark.parametrize("given", CASES.values(), ids=CASES)
def test_a_training_in_pytorch_ends_at_our_weights(few_shapes, given):
    settings = make_settings("shapes", given | {"lr": 0.02})
    model = new_model(settings, few_shapes)
    progress = Progress(model.params, model.state, make_optimizer(settings).init(model.params))
    train(model, few_shapes, progress, Callback())

    twin = Twin(model, few_shapes, padded(few_shapes, settings))
    assert twin.train() == 12
    end = {name: array.numpy() for name, array in twin.net.state_dict().items()}
    start = to_pytorch(model.params, model.state)
    for name, array in to_pytorch(progress.params, progress.state).items():
        np.testing.assert_allclose(end[name], array, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
    assert max(np.abs(end[name] - array).max() for name, array in start.items()) > 0.1


def test_a_trained_net_is_tested_as_here(few_shapes):
    settings = make_settings("shapes", SMALL | FULL)
    model = new_model(settings, few_shapes)
    twin = Twin(model, few_shapes, padded(few_shapes, settings))
    assert twin.train() == 12
    line = result(twin, few_shapes, make_tests(few_shapes, twin.device), ("tta", "changes"), 1.0)

    params, state = from_pytorch(twin.net, model.params, model.state)
    ours = replace(model, params=params, state=state)
    job = Job(settings, Path(), None, 1, few_shapes.fingerprint, ("tta", "changes"))
    with Workers(1) as workers:
        score = evaluate(ours, few_shapes.test, workers)
    assert (line["correct"], line["measured"]) == (score.correct, measured(ours, few_shapes.test, job))
    assert abs(line["test_loss"] - score.loss) < TOLERANCE


def test_runs_side_by_side_give_the_lines_of_a_comparison(tmp_path, monkeypatch, capsys):
    file, out = tmp_path / "c.toml", tmp_path / "lines.jsonl"
    file.write_text(
        'title = "t"\ndata = "shapes"\nseeds = 2\n[settings]\nepochs = 1\ntrain_images = 64\nwidths = [4, 8]\n'
        "[arms.se]\n[arms.plain]\nse = false\n"
    )
    monkeypatch.setattr(pytorch_compare, "PROCESSES", 1)
    monkeypatch.setattr(sys, "argv", ["pytorch_compare.py", str(file), f"--out={out}", "--at-once=3"])
    main()
    assert "4 runs on cpu" in capsys.readouterr().out
    report = make_report(replace(read_comparison(file), results=out))
    assert report.missing == 0
    assert [len(arm.accuracies) for arm in report.arms] == [2, 2]
    main()
    assert "0 runs on cpu" in capsys.readouterr().out
