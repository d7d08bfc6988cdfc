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
        unexpected=(tuple(np.float32(loss) for loss in FALLING),),
        wrong={
            "one number": (0.002,),
            "there are 15 losses": (FALLING[:15],),
            "not all losses are finite": (np.append(FALLING, np.nan),),
            "the first loss is 0.41. A network that knows nothing": (0.18 * FALLING,),
            "all losses are 2.291: nothing is learned": ([2.291] * 150,),
            "the last loss is 0.79, not below 0.05": (np.linspace(2.29, 0.79, 150),),
        },
    ),
    "8.2": Tried(
        right=(WRONG,),
        unexpected=({", ".join(name.upper() for name in WRONG)},),
        wrong={
            "still right, such as that of head.b.": ([*WRONG, "head.w", "head.b"],),
            "1 of your 18 gradients are still right, such as that of stage3.se.w2": ([*WRONG, "stage3.se.w2"],),
            "your 14 gradients are wrong, and 3 more": (WRONG[:14],),
            'there is no array "stage3.bn"': (["stage3.bn"],),
        },
    ),
    "8.3": Tried(
        right=(-0.561, 10),
        unexpected=(np.array([-0.561]), "10"),
        wrong={
            "which sign has θ": (0.561, 10),
            "without a velocity": (-0.3, 10),
            "the third update alone": (-0.271, 10),
            "Write a table": (-0.19, 10),
            "With v = 2.71 the next v is 0.9 · 2.71 + 1 = 3.439": (-0.561, 2.71),
        },
    ),
    "8.4": Tried(
        right=(0.456, 2),
        unexpected=(45.6, np.int64(2)),
        wrong={
            "97.0 % of the test images is more": (0.97, 2),
            "10.1 % of the test images is less": (10.1, 2),
            "from, one would get 10 %": (0.456, 10),
            "the number of classes (1) is not": (0.456, 1),
        },
    ),
}
