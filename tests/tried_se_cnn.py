"""Answers to the exercises of notebook 8, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

FALLING = 2.3 * 0.96 ** np.arange(150)
PARTS = ["conv.w", "bn.gamma", "bn.beta", "se.w1", "se.b1", "se.w2", "se.b2"]
WRONG = [f"{stage}.{part}" for stage in ("stage1", "stage2") for part in PARTS]
WRONG += ["stage3.conv.w", "stage3.bn.gamma", "stage3.bn.beta"]

TRIED = {
    "8.1": Tried(
        right=([*FALLING],),
        unexpected=(dict(enumerate(np.float32(FALLING))).values(),),
        wrong={
            "one number": (0.002,),
            "losses holds 15 numbers, expected 150": (FALLING[:15],),
            "losses must hold finite numbers": (np.append(FALLING, np.nan),),
            "losses is 'falling', expected numbers": ("falling",),
            "losses is a dictionary": (dict(enumerate(FALLING)),),
            "losses holds -5: ": (np.append(FALLING[:-1], -5),),
            "the first is 0.41. A network that knows nothing": (0.18 * FALLING,),
            "all are 2.291, so nothing is learned": ([2.291] * 150,),
            "the last is 0.79, not below 0.05": (np.linspace(2.29, 0.79, 150),),
        },
    ),
    "8.2": Tried(
        right=(WRONG,),
        unexpected=({", ".join(name.upper() for name in WRONG)},),
        wrong={
            "names: not all of these gradients are wrong": ([*WRONG, "head.w", "head.b"],),
            "not all of these gradients are wrong. Which of them does": (["stage3.se.w2"],),
            "names: these gradients are wrong, but not they alone": (WRONG[:14],),
            "names: name at least one": ([],),
            'names: there is no array "none"': (None,),
            'names: there is no array "stage3.bn"': (["stage3.bn"],),
        },
    ),
    "8.3": Tried(
        right=(-0.561, 10),
        unexpected=(np.array([-0.56]), "10"),
        wrong={
            "theta_after_3 is 0.561, and that is not right. A parameter moves": (0.561, 10),
            "without a velocity": (-0.3, 10),
            "the third update alone": (-0.271, 10),
            "Write a table": (-0.19, 10),
            "theta_after_3 is None, expected numbers": (None, 10),
            "v_in_the_end is 'ten', expected numbers": (-0.561, "ten"),
            "with v = 2.71 the next v is 0.9 · 2.71 + 1 = 3.439": (-0.561, 2.71),
        },
    ),
    "8.4": Tried(
        right=(0.456, 2),
        unexpected=(45.6, np.int64(2)),
        wrong={
            "accuracy_gray: 97.0 % of the test images is more": (0.97, 2),
            "10.1 % of the test images is less": (10.1, 2),
            "accuracy_gray is 456, expected a share": (456, 2),
            "from, one would get 10 %": (0.456, 10),
            "classes_left is 2.5, expected a whole number": (0.456, 2.5),
            "classes_left is not: it is 1": (0.456, 1),
        },
    ),
}
