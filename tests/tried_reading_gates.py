"""Answers to the exercises of notebook 9, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

from senet_np.analysis.findings import load_findings
from senet_np.data import load_shapes
from senet_np.model import Model
from senet_np.runs.bundled import findings_path, load_bundled

BLOCK = load_findings(findings_path("tiny-se")).blocks["stage3.se"]
COUNTS = BLOCK.counts.astype(float)


def auc(inside, outside):
    inside, outside = inside / inside.sum(), outside / outside.sum()
    return float(inside @ (np.cumsum(outside) - outside / 2))


def aucs(favorites, with_itself=False):
    everyone = COUNTS.sum(axis=0)
    return np.array(
        [auc(COUNTS[k, c], everyone[c] - (not with_itself) * COUNTS[k, c]) for c, k in enumerate(favorites)]
    )


RIGHT_AUCS = aucs(BLOCK.mean.argmax(axis=0))

images, labels = load_shapes(sizes=(1, 1, 500)).test
model: Model = load_bundled("shapes-se")
learned = model.run(images, record=True)[1].gates
CLASSES = {path: np.stack([s[labels == k].mean(axis=0) for k in range(10)]) for path, s in learned.items()}
GATES = {path: means[labels] for path, means in CLASSES.items()}
STAGE_2 = {"stage2.se": GATES["stage2.se"]}

MEAN = {"stage1.se": learned["stage1.se"].mean(axis=0)}

TRIED = {
    "9.1": Tried(
        right=(RIGHT_AUCS,),
        unexpected=([[round(value, 2)] for value in RIGHT_AUCS],),
        wrong={
            "aucs is one number, 0": (0,),
            "✗ 9.1: aucs ": (None,),
            "aucs is '0.88 each', expected": ("0.88 each",),
            "aucs is a dictionary": ({73: 0.88},),
            "aucs must hold finite numbers": (RIGHT_AUCS * np.nan,),
            "aucs has shape (32,), expected (128,)": (RIGHT_AUCS[:32],),
            "which draw has to be larger?": (1 - RIGHT_AUCS,),
            "a share from 0 to 1": (100 * RIGHT_AUCS,),
            "Are the images of the class itself among the others?": (aucs(BLOCK.mean.argmax(axis=0), True),),
            "Its favorite class is number": (aucs([1] * 128),),
        },
    ),
    "9.2": Tried(
        right=(STAGE_2, MEAN),
        unexpected=(
            {path.removesuffix(".se"): s.astype(np.float64).tolist() for path, s in GATES.items()},
            {"stage1.se": np.repeat(np.median(learned["stage1.se"], axis=0)[None], 500, axis=0)},
        ),
        wrong={
            "gates is an array (500, 64), expected a dictionary": (GATES["stage2.se"], MEAN),
            "gates is None, expected a dictionary": (None, MEAN),
            "gates is an empty dictionary": ({}, MEAN),
            "gates has 'stage4.se', expected one of stage1.se": ({"stage4.se": GATES["stage2.se"]}, MEAN),
            "✗ 9.2: gates['stage2.se'] ": ({"stage2.se": None}, MEAN),
            "(10, 64), one row per class": ({"stage2.se": CLASSES["stage2.se"]}, MEAN),
            "shape (500, 32), and this block needs (500, 64)": ({"stage2.se": GATES["stage1.se"]}, MEAN),
            "is not the mean of its gates": ({"stage2.se": learned["stage2.se"]}, MEAN),
            "100.0 % are right: the report says nothing else": ({"stage3.se": GATES["stage3.se"]}, MEAN),
            "comparison is 1.0, expected a dictionary": (STAGE_2, 1.0),
            "comparison is True, expected a dictionary": (STAGE_2, True),
            "comparison has gates of stage2.se. Which block": (STAGE_2, STAGE_2),
            "comparison: stage1.se has shape (64,)": (STAGE_2, {"stage1.se": np.ones(64)}),
            "differs from row 0, so": (STAGE_2, {"stage1.se": GATES["stage1.se"]}),
            "comparison: row 323 differs": (STAGE_2, {"stage1.se": learned["stage1.se"][::-1]}),
            "Section 4 says what ones change": (STAGE_2, {"stage1.se": np.ones(32)}),
            "but not of the usual size": (STAGE_2, {"stage1.se": np.full(32, 0.5)}),
        },
    ),
    "9.3": Tried(
        right=([1.0, 0.002, 1.0],),
        unexpected=({"stage3": 100.0, "Stage 1": np.array([100.0]), "stage2.se": "0.2"},),
        wrong={
            "✗ 9.3: accuracies ": (None,),
            "✗ 9.3: accuracies of stage2.se ": ({"stage1": 1, "stage2": None, "stage3": 1},),
            "accuracies has nothing for stage2.se, stage3.se": ({"stage1.se": 1},),
            "accuracies has 'stage4', expected": ({"stage4": 1},),
            "Of which images did you record": ([1.0, 1.0, 1.0],),
            "Which images were classified": (np.zeros(3),),
            "accuracies holds 1 number, expected 3": (0.002,),
            "accuracies holds 4 numbers, expected 3": (np.ones((2, 2)),),
            "stage 2 is not right": ([1.0, 0.51, 1.0],),
            "stages 1 and 3 are not right": ([0.64, 0.002, 0.5],),
            "stages 1 and 2 are not right": ({"stage3": 1.0, "stage2": 1.0, "stage1": 0.002},),
        },
    ),
    "9.4": Tried(
        right=(["tiny-se-r2", "tiny-se"], ["tiny-se-r16"]),
        unexpected=("tiny-se-r2 and tiny-se (r = 4).", {"TINY_SE_R16"}),
        wrong={
            "stage_1_most: tiny-se-r8 does not belong there. Its stages lose 2.8, 3.7, 1.2": (
                ["tiny-se-r2", "tiny-se", "tiny-se (r = 8)"],
                ["tiny-se-r16"],
            ),
            "stage_1_most: what you name belongs there, but it is not all": (["tiny-se-r4"], ["tiny-se-r16"]),
            "below_twin: tiny-se-r2 does not belong there": (["tiny-se-r2", "tiny-se"], ["tiny-se-r2"]),
            "below_twin is empty: name at least one": (["tiny-se-r2", "tiny-se"], []),
            "stage_1_most is empty: name at least one": (" ", "tiny-se-r16"),
            "stage_1_most: there is no network 'tiny-plain'": (["tiny-plain"], []),
            "stage_1_most: there is no network 'none'": (None, None),
        },
    ),
}
