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

TRIED = {
    "9.1": Tried(
        right=(RIGHT_AUCS,),
        unexpected=([*RIGHT_AUCS.round(3)],),
        wrong={
            "that is one number, 0": (0,),
            "the array has shape (32,), expected (128,)": (RIGHT_AUCS[:32],),
            "which draw has to be larger?": (1 - RIGHT_AUCS,),
            "Are the images of the class itself among the others?": (aucs(BLOCK.mean.argmax(axis=0), True),),
            "Its favorite class is number": (aucs([1] * 128),),
        },
    ),
    "9.2": Tried(
        right=(STAGE_2, 1.0),
        unexpected=({path: s.astype(np.float64) for path, s in GATES.items()}, 100),
        wrong={
            "give the gates as a dict": (GATES["stage2.se"], 1.0),
            "(10, 64) is one row per class": ({"stage2.se": CLASSES["stage2.se"]}, 1.0),
            "shape (500, 32), and this block needs (500, 64)": ({"stage2.se": GATES["stage1.se"]}, 1.0),
            "is not the mean of this block's gates": ({"stage2.se": learned["stage2.se"]}, 1.0),
            "100.0 % are right: the report says nothing else": ({"stage3.se": GATES["stage3.se"]}, 1.0),
            "The comparison, 51.2 %, is not": (STAGE_2, 0.512),
            "Ones change the size of the maps": (STAGE_2, 0.642),
        },
    ),
    "9.3": Tried(
        right=([1.0, 0.002, 1.0],),
        unexpected=({"stage2.se": 0.2, "stage1.se": 100.0, "stage3.se": 100.0},),
        wrong={
            "Of which images did you record": ([1.0, 1.0, 1.0],),
            "Which images were classified": (np.zeros(3),),
            "expected three numbers, for stages 1, 2 and 3, and got 1": (0.002,),
            "not right at positions 1 (0 is stage 1)": ([1.0, 0.51, 1.0],),
            "not right at positions 0, 2 (0": ([0.64, 0.002, 0.5],),
        },
    ),
    "9.4": Tried(
        right=(["tiny-se-r2", "tiny-se"], ["tiny-se-r16"]),
        unexpected=("tiny-se-r4, tiny-se-r2", {"TINY-SE-R16"}),
        wrong={
            "stage_1_most: tiny-se-r8 does not belong there. Its stages lose 2.8, 3.7, 1.2": (
                ["tiny-se-r2", "tiny-se", "tiny-se-r8"],
                ["tiny-se-r16"],
            ),
            "stage_1_most: 1 right, 1 more to find": (["tiny-se"], ["tiny-se-r16"]),
            "below_twin: tiny-se-r2 does not belong there": (["tiny-se-r2", "tiny-se"], ["tiny-se-r2"]),
            "below_twin: 0 right, 1 more": (["tiny-se-r2", "tiny-se"], []),
            'there is no network "tiny-plain"': (["tiny-plain"], []),
        },
    ),
}
