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
from senet_np.analysis.specificity import class_selectivity, variance_shares
from senet_np.data import load_shapes
from senet_np.fast.workers import Workers
from senet_np.runs.bundled import findings_path

found = load_findings(findings_path("tiny-se"))
last = found.blocks["stage3.se"]

# %% [markdown]
# **1.** Selectivity divides by the size of the gates and ignores their spread, so the two orders differ: a small difference
# of means with hardly any spread separates the classes better than a large one with much spread.

# %%
def auc(inside, outside):
    p, q = inside / inside.sum(), outside / outside.sum()
    return float(p @ (np.cumsum(q) - q / 2))


counts = last.counts.astype(float)
found_auc = np.array([
    auc(counts[k, c], counts[:, c].sum(axis=0) - counts[k, c]) for c, k in enumerate(last.mean.argmax(axis=0))
])
print(f"{(found_auc > 0.9).sum()} of {len(found_auc)} channels have an AUC above 0.9, the largest is {found_auc.max():.2f}")
selectivity = class_selectivity(last.mean)
print(f"AUC of the most selective channel: {found_auc[selectivity.argmax()]:.2f}")
assert ((found_auc >= 0) & (found_auc <= 1)).all()

# %% [markdown]
# **2.** The gates are those of stage 1 and go into stage 2 (with 32 channels against 64 it fails at once; with equal widths it
# would run). And `labels` are the true classes: an oracle. The fair version takes the network's own answer, and puts the
# means of a block into that block.

# %%
shapes = senet_np.load("shapes-se")
images, labels = (array[:500] for array in load_shapes().test)


def accuracy(gates):
    return (predict(shapes, images, Workers(1), gates) == labels).mean()


logits, activations = shapes.run(images, record=True)
learned, predicted = activations.gates, logits.argmax(axis=1)
for path, s in learned.items():
    means = np.stack([s[labels == k].mean(axis=0) for k in range(10)])
    print(f"{path}: with the mean of the predicted class {100 * accuracy({path: means[predicted]}):5.1f} %")

# %% [markdown]
# In stage 1 half of the answers are gone: the sky, which tells the square to classify, is no part of the class. Gates there
# depend on much besides the class, and the network needs it.
#
# **3.** Both keep each channel's mean and spread. Another image's gates also keep how the channels vary *together*: they are
# gates that some image really has. Shuffling each channel by itself breaks that.

# %%
rng = np.random.default_rng(0)
for path, s in learned.items():
    other, shuffled = s[rng.permutation(len(s))], rng.permuted(s, axis=0)
    assert np.allclose(other.mean(axis=0), shuffled.mean(axis=0), atol=1e-5)
    print(f"{path}: another image's {100 * accuracy({path: other}):5.1f} %   each channel's own {100 * accuracy({path: shuffled}):5.1f} %")

# %% [markdown]
# **4.** The numbers differ, and each is one run. Whether they differ because of r takes several seeds at each r, paired, and
# an interval: one cannot tell a difference between settings from a difference between seeds with one seed each.

# %%
for name in ("tiny-se-r2", "tiny-se", "tiny-se-r8", "tiny-se-r16"):
    findings = load_findings(findings_path(name))
    class_, counts = 100 * variance_shares(findings.blocks["stage3.se"]).class_, findings.interventions
    lost = 100 * (counts.learned - counts.correct["all blocks"]["mean"]) / counts.n
    print(f"{name:12} class share of stage 3 {class_:4.1f} %   lost with mean gates {lost:4.1f} points")
