# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Solutions to notebook 9

# %%
import numpy as np

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.analysis.replace import predict
from senet_np.analysis.specificity import class_selectivity
from senet_np.data import load_shapes
from senet_np.data.shapes import swap_sky
from senet_np.exercises import check
from senet_np.fast.workers import Workers
from senet_np.runs.bundled import findings_path

found = load_findings(findings_path("tiny-se"))
last = found.blocks["stage3.se"]

# %% [markdown]
# **9.1** No AUC is above 0.9, so no channel is a class channel. The channel with the largest selectivity has 0.88;
# three channels have more. Selectivity compares means and ignores the spread. A small difference of means with hardly
# any spread separates the classes better than a large one with much spread.


# %%
def auc(inside, outside):
    inside, outside = inside / inside.sum(), outside / outside.sum()
    return float(inside @ (np.cumsum(outside) - outside / 2))


counts = last.counts.astype(float)
everyone = counts.sum(axis=0)  # (128, 20)
favorites = last.mean.argmax(axis=0)  # (128,)
aucs = np.array([auc(counts[k, c], everyone[c] - counts[k, c]) for c, k in enumerate(favorites)])
print(f"largest AUC {aucs.max():.3f}; of the most selective channel {aucs[class_selectivity(last.mean).argmax()]:.3f}")
assert check("9.1", aucs)

# %% [markdown]
# **9.2** The report looked at one block only, one in which *any* constant gates will do: with the mean of the
# channel, which knows neither image nor class, 100 % are right too. In stage 2 the claim is wrong. The sky, which
# tells which square to classify, is no part of the class. (The twin trained without SE gets 51.2 % of these images
# right.)

# %%
shapes = senet_np.load("shapes-se")
images, labels = load_shapes(sizes=(1, 1, 500)).test


def accuracy(gates):
    return float((predict(shapes, images, Workers(1), gates) == labels).mean())


learned = shapes.run(images, record=True)[1].gates
for path, s in learned.items():
    means = np.stack([s[labels == label].mean(axis=0) for label in range(10)])
    of_class, of_all = accuracy({path: means[labels]}), accuracy({path: s.mean(axis=0)})
    print(f"{path}: mean of the class {100 * of_class:5.1f} %   mean of all {100 * of_all:5.1f} %")

# %%
s = learned["stage2.se"]
means = np.stack([s[labels == label].mean(axis=0) for label in range(10)])
gates = {"stage2.se": means[labels]}
comparison = {"stage1.se": learned["stage1.se"].mean(axis=0)}
print(f"stage 2, mean of the class {100 * accuracy(gates):.1f} %; stage 1, mean of all {100 * accuracy(comparison):.1f} %")
assert check("9.2", gates, comparison)

# %% [markdown]
# **9.3** In stage 2 nearly every answer is wrong with the gates of the other sky. The network now answers with the
# *other* square, as it does for the images with the other sky. So what the network knows about the sky reaches its
# answer through these gates. The gates of stages 1 and 3 change nothing.

# %%
swapped = swap_sky(images)
answers, activations = shapes.run(swapped, record=True)
other_square = answers.argmax(axis=1)
accuracies = [accuracy({path: s}) for path, s in activations.gates.items()]
print("right with the gates of the other sky:", accuracies)
predicted = predict(shapes, images, Workers(1), {"stage2.se": activations.gates["stage2.se"]})
print(f"stage 2: the answer is the other square for {100 * (predicted == other_square).mean():.1f} %")
assert check("9.3", accuracies)

# %% [markdown]
# **9.4** Stage 1 loses most at r = 2 and at r = 4, but not at r = 8 and r = 16. At r = 16 the mean gates of stage 1
# cost nothing at all. Is this because of r? Nobody can say: each network is one run, and other seeds could change the
# order. And `tiny-se-r16` is worse than its twin without SE, although it loses 6 points with mean gates. So what a
# network loses without its gates does not tell what SE is worth.

# %%
twin = senet_np.load("tiny-plain").metadata.result
places = ("stage1.se", "stage2.se", "stage3.se", "all blocks")
stage_1_most, below_twin = [], []
heads = [place.removesuffix(".se") for place in places]
print(f"{'points lost with mean gates':28}" + "".join(f"{head:>11}" for head in heads) + "   learned")
for name in ("tiny-se-r2", "tiny-se", "tiny-se-r8", "tiny-se-r16"):
    result = load_findings(findings_path(name)).interventions
    lost = [100 * (result.learned - result.correct[place]["mean"]) / result.n for place in places]
    print(f"{name:28}" + "".join(f"{points:11.1f}" for points in lost) + f"{100 * result.learned / result.n:10.2f}")
    if lost[0] > max(lost[1:3]):
        stage_1_most.append(name)
    if result.learned < twin.correct:
        below_twin.append(name)
print(f"{'twin trained without SE':28}{100 * twin.correct / twin.n:54.2f}")
assert check("9.4", stage_1_most, below_twin)
