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
# # Solutions to notebook 12

# %%
import time

import matplotlib.pyplot as plt
import numpy as np

from senet_np.bench.nets import step_arguments
from senet_np.bench.timing import in_turns, ratio, timer
from senet_np.fast import winograd
from senet_np.fast.workers import Workers
from senet_np.figures.style import BLUE, style
from senet_np.gradcheck import check_gradients
from senet_np.nets import tiny
from senet_np.ops import conv
from senet_np.train.loop import gradients

rng = np.random.default_rng(0)


def seconds(job):
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


# %% [markdown]
# **1.** The squeeze does one addition for each number that it reads; the scaling one multiplication for
# each that it reads and writes. Both lie far under the slope of the roof: memory bounds them. The FCs read
# a few kilobytes in all and cost next to nothing. Papers that count FLOPs see hardly more than the
# scaling's one multiplication per number, beside hundreds of the convolution; the clock sees that u is read
# twice more and written once more.

# %%
n, height, width, c, r = 32, 16, 16, 64, 4
u_bytes, z_bytes = 4 * n * height * width * c, 4 * n * c
fc_bytes = 4 * (2 * c * c // r) + 2 * z_bytes + 2 * 4 * n * c // r  # both matrices, z, s, and what lies between
squeeze = n * height * width * c / (u_bytes + z_bytes)
fcs = 2 * 2 * n * c * (c // r) / fc_bytes
scale = n * height * width * c / (2 * u_bytes + z_bytes)
print(f"operations per byte: squeeze {squeeze:.2f}, FCs {fcs:.1f}, scaling {scale:.2f}")
print(f"bytes: squeeze {u_bytes:,}, FCs {fc_bytes:,}, scaling {2 * u_bytes:,}")
assert squeeze < 0.3 and scale < 0.2 and fc_bytes < u_bytes / 20

# %% [markdown]
# **2.** (a) A computes in float32 and B in float64, which takes twice the time and twice the memory. (b)
# The conversions `astype` are timed, and they differ. (c) `max` of one side against `min` of the other: A
# against itself would come out above 1. (d) First all of A, then all of B, and no warm-up. The same
# comparison done right, with A against A beside it:

# %%
x = rng.standard_normal((32, 16, 16, 64)).astype(np.float32)
w = rng.standard_normal((3, 3, 64, 64)).astype(np.float32)
jobs = {
    "A": lambda: winograd.conv2d_forward(x, w, None),
    "A again": lambda: winograd.conv2d_forward(x, w, None),
    "B": lambda: conv.conv2d_forward(x, w, None),
}
runs = in_turns({name: timer(job) for name, job in jobs.items()}, 10)
print("the bad way, A against itself:", round(max(runs["A again"]) / min(runs["A"]), 2))
print("in turns, A against itself:   ", round(ratio(runs["A again"], runs["A"])["median"], 2))
print("in turns, A against B:        ", round(ratio(runs["B"], runs["A"])["median"], 2))
assert max(runs["A"]) / min(runs["A"]) >= 1  # whatever the machine does: the bad way never gives less than 1

# %% [markdown]
# **3.** Each line of the forward pass is linear in d and in g, so each has its transpose in the backward
# pass.

# %%
B_T = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], float)
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
A_T = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], float)


def forward(d, g):
    v, k = B_T @ d, G @ g
    return A_T @ (v * k), (v, k)


def backward(dy, cache):
    v, k = cache
    dm = A_T.T @ dy
    return B_T.T @ (dm * k), G.T @ (dm * v)  # dd, dg


report = check_gradients(forward, backward, {"d": rng.standard_normal(4), "g": rng.standard_normal(3)})
print(report)
assert report

# %% [markdown]
# **4.** Two pieces keep two workers busy; a third and a fourth find nothing to do. With 128 images there
# are four pieces, so at most four workers help, and no more than there are cores: beyond that they take
# turns on the same ones.

# %%
arguments = step_arguments(tiny(), batch=128)
counts, rates = (1, 2, 3, 4), []
for count in counts:
    with Workers(count, processes=False) as workers:
        job = lambda workers=workers: gradients(*arguments, 32, workers)
        job()
        rates.append(128 / min(seconds(job) for _ in range(2)))

with style():
    figure, axes = plt.subplots(figsize=(6, 3))
    axes.plot(counts, rates, "o-", color=BLUE)
    axes.set(xlabel="workers", ylabel="images/s", title="Four pieces: no more than four workers, or cores, can help")
    axes.set_xticks(counts)
    axes.set_ylim(0)
    plt.show()
