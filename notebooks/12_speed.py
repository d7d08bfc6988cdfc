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
# # 12 · Speed: how NumPy came level with PyTorch, and where it did not
#
# **Afterwards you can** compare the times of two programs on a noisy machine; tell from a layer's shape whether
# multiplying or memory limits its speed; explain how Winograd's convolution saves multiplications; and compute how
# much a whole program gains when one part of it becomes faster.
#
# **You need** notebooks 2 (gradients), 6 (convolution as one matrix product) and 8 (a training step). Mathematics:
# the median, matrix products, the transpose of a matrix, and logarithmic axes.
#
# **Time:** 65 minutes to read and run, 120 with the exercises. Sections 1, 2, 3 and 6 are the core, 35 minutes.
# Exercises 12.1 to 12.3 need only these.
#
# Letters: [symbols](../docs/symbols.md).
#
# Notebook 6 wrote a convolution as six loops and then as one matrix product. Why go further? A fast program lets you
# try more ideas in an evening. The plain loops train the tiny SE-CNN on 0.1 images per second, and this package
# trains it on 2,276 (same machine, [docs/speed.md](../docs/speed.md)). This notebook takes the steps between them,
# one at a time.
#
# Your own machine measures every time in this notebook. So the text quotes no times, only what to look at. Ratios
# differ from machine to machine, and this is a part of the lesson. On a busy machine single points jump: run the cell
# again.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact
from threadpoolctl import threadpool_limits

from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, ORANGE, style

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)
one_core = threadpool_limits(1, "blas")  # matrix products use one core, until section 7

# %% [markdown]
# ## 1. Time is a noisy number
#
# The simplest way to time a program: read the clock before and after it.

# %%
matrix = rng.standard_normal((256, 256)).astype(np.float32)


def seconds(job):
    """One run of a function, by the clock."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


ms = np.array([1000 * seconds(lambda: matrix @ matrix) for _ in range(200)])
print("one product of 256×256 matrices, 200 times, in milliseconds:")
print(f"first {ms[0]:.3f}   fastest {ms.min():.3f}   median {np.median(ms):.3f}   slowest {ms.max():.3f}")

# %% [markdown]
# The first run is often slower. Its numbers are not yet in the **cache**, a small and fast memory inside the
# processor. Some later runs wait because the machine does something else. The *fastest* run shows what the machine
# can do. The *median* shows what it usually does.
#
# Now compare two programs, A and B. Suppose that they are equally fast. But the machine becomes slower during the
# measurement, as laptops do when they get warm. The next cell simulates 40 runs on such a machine: `clock[k]` is the
# time of run k.
#
# **Predict:** You time A twenty times, then B twenty times, and divide B's median by A's. Which ratio do you get? And
# which ratio if A and B take turns, and you divide within each round?

# %% tags=["hide-output"]
clock = np.linspace(1.0, 1.4, 40) * (1 + 0.03 * rng.standard_normal(40))

first_all_a = np.median(clock[20:]) / np.median(clock[:20])
in_turns = np.median(clock[1::2] / clock[::2])
print(f"B divided by A: first all of A, then all of B {first_all_a:.2f};   in turns {in_turns:.2f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# One after the other, B seems to be slower by a fifth, only because it came second. In turns the ratio is 1. Both
# programs of a round meet nearly the same machine, so the slowdown cancels when you divide.
#
# </details>

# %%
assert abs(in_turns - 1) < 0.05 < first_all_a - 1

# %% [markdown]
# This gives the rule of the package ([senet_np/bench/timing.py](../senet_np/bench/timing.py)). The programs take
# turns. Each has a run before its timed run, to fill the cache. The result is the median of the ratios within the
# rounds.
#
# And no test in this package depends on a time. Such a test fails whenever the machine is busy, and people
# learn to ignore it.

# %%
from senet_np.bench.timing import in_turns as take_turns
from senet_np.bench.timing import ratio, timer


def race(jobs, rounds=5):
    """Seconds of each job, a list over the rounds."""
    print("measuring in turns:", ", ".join(jobs))
    return take_turns({name: timer(job) for name, job in jobs.items()}, rounds)


def median_ms(runs):
    return 1000 * np.median(runs)


# %% [markdown]
# ## 2. From loops to one matrix product
#
# A 3×3 convolution from 16 to 32 channels on one small image, in two ways: with loops
# ([senet_np/ops/reference/images.py](../senet_np/ops/reference/images.py)), and with im2col, the matrix of windows
# from notebook 6 ([senet_np/ops/conv.py](../senet_np/ops/conv.py)). Both do the same multiplications.
#
# **Predict:** How many times as fast is im2col? Ten times? A hundred times? More?

# %% tags=["hide-output"]
from senet_np.ops import conv, reference

x = rng.standard_normal((1, 8, 8, 16)).astype(np.float32)
w = rng.standard_normal((3, 3, 16, 32)).astype(np.float32)
by_loops, by_im2col = (lambda: reference.conv2d_forward(x, w, None)), (lambda: conv.conv2d_forward(x, w, None))
assert np.allclose(by_loops()[0], by_im2col()[0], atol=1e-4)

operations = 2 * x[..., 0].size * w.size  # one multiplication and one addition for each pixel and each weight
runs = race({"loops": by_loops, "im2col": by_im2col}, 2)
for name, times in runs.items():
    print(f"{name:8} {median_ms(times):9.3f} ms   {operations / np.median(times) / 1e9:9.4f} GFLOP/s")
print(f"im2col is {ratio(runs['loops'], runs['im2col'])['median']:,.0f} times as fast")

# %% [markdown]
# <details><summary>Answer</summary>
#
# More: about a thousand times and above on most machines. The loops spend their time in Python: it finds out that two
# things are numbers, makes an object for the product, and counts. im2col calls NumPy only a dozen times, and one
# compiled matrix product does the rest.
#
# </details>
#
# GFLOP/s, 10⁹ operations per second, is the unit of this notebook. One operation is one multiplication or one
# addition. The unit shows how far a program is from what the machine can do.
#
# ## 3. The roof
#
# A core can multiply only so fast, and memory can deliver numbers only so fast. Measure both: a large matrix product,
# and a copy of an array that is too large for any cache.

# %%
big = rng.standard_normal((1024, 1024)).astype(np.float32)
long = rng.standard_normal(1 << 24).astype(np.float32)  # 64 MiB
copy = np.empty_like(long)

peak = 2 * 1024**3 / min(seconds(lambda: big @ big) for _ in range(5)) / 1e9
bandwidth = 2 * long.nbytes / min(seconds(lambda: np.copyto(copy, long)) for _ in range(5)) / 1e9
print(f"one core multiplies at {peak:.0f} GFLOP/s; memory moves {bandwidth:.0f} GB/s (read and written)")
print(f"so for each byte that moves, the core could do {peak / bandwidth:.0f} operations")

# %% [markdown]
# The **arithmetic intensity** of a layer is its number of operations per byte that must move. Count each input as
# read once and each output as written once. A number in float32 has 4 bytes. If the intensity is below the number
# just printed, memory limits the layer; above it, multiplying does. The rate cannot be higher than
#
# $$
# \min(\text{peak},\ \text{intensity} \times \text{bandwidth}).
# $$
#
# Drawn over the intensity this looks like a roof: a slope and a flat part (Williams, Waterman, Patterson 2009).
#
# **Predict:** Which of these four lie under the slope, and which under the flat part? Each works on 32 images of
# 16×16: ReLU on 64 channels; a 1×1 convolution 16 → 16; a 3×3 convolution 16 → 16; a 3×3 convolution 64 → 64.


# %% tags=["hide-output"]
def intensity(operations, *arrays):
    return operations / sum(array.nbytes for array in arrays)


def convolution(size, channels):
    """A job, its number of operations, and its intensity; the output is as large as the input."""
    x = rng.standard_normal((32, 16, 16, channels)).astype(np.float32)
    w = rng.standard_normal((size, size, channels, channels)).astype(np.float32)
    operations = 2 * x[..., 0].size * w.size
    return (lambda: conv.conv2d_forward(x, w, None, 1, size // 2)), operations, intensity(operations, x, x, w)


maps = rng.standard_normal((32, 16, 16, 64)).astype(np.float32)
layers = {
    "ReLU, 64 channels": ((lambda: np.maximum(maps, 0)), maps.size, intensity(maps.size, maps, maps)),
    "1×1, 16 → 16": convolution(1, 16),
    "3×3, 16 → 16": convolution(3, 16),
    "3×3, 64 → 64": convolution(3, 64),
}
rates = {}
for name, (job, operations, where) in layers.items():
    job()
    rates[name] = where, operations / min(seconds(job) for _ in range(20)) / 1e9
    roof = min(peak, where * bandwidth)
    print(f"{name:18} {where:7.2f} operations per byte   {rates[name][1]:7.2f} GFLOP/s, roof {roof:7.2f}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(8, 4))
    span = np.geomspace(0.05, 1000, 100)
    axes.plot(span, np.minimum(peak, span * bandwidth), color=GRAY, label="roof of this machine, one core")
    for mark, (name, (where, rate)) in zip("os^D", rates.items()):
        axes.plot(where, rate, mark, color=ORANGE if "ReLU" in name else BLUE, label=name, markersize=8)
    axes.set(xscale="log", yscale="log", title="Four layers and the roof", ylim=(None, 3 * peak))
    axes.set(xlabel="arithmetic intensity (operations per byte)", ylabel="rate (GFLOP/s)")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# ReLU lies under the slope: it does one operation for eight bytes, so its numbers come and go and the core waits. The
# 1×1 convolution lies near the corner, on which side depends on the machine. Both 3×3 convolutions lie under the flat
# part, but well below it: im2col writes each number nine times and reads it again. (ReLU may lie a little above
# the slope. Then its array was still in the cache, which is faster than memory.)
#
# </details>
#
# ## 4. Work on what lies in the cache
#
# The next cell times the same addition on arrays of growing size, and divides the time by the number of elements.
#
# **Predict:** What shape has the curve, from tiny arrays to arrays that are larger than every cache?

# %% tags=["hide-output"]
sizes = 2 ** np.arange(8, 25)
each = []
for size in sizes:
    v, out = np.ones(size, np.float32), np.empty(size, np.float32)
    repeat = max(1, (1 << 21) // size)
    job = lambda v=v, out=out, repeat=repeat: [np.add(v, 1, out=out) for _ in range(repeat)]
    job()
    each.append(1e9 * min(seconds(job) for _ in range(3)) / (repeat * size))
print("nanoseconds per number, from 256 numbers to 16 million:\n", np.array(each))

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(8, 3.6))
    axes.plot(2 * sizes * 4 / 1024, each, "o-", color=BLUE)
    axes.set(xscale="log", yscale="log", title="One addition per number, arrays of growing size")
    axes.set(xlabel="memory read and written (KiB)", ylabel="time per number (ns)")
    axes.set_yticks([0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50], minor=False)
    axes.minorticks_off()
    axes.set_ylim(0.8 * min(each), 1.3 * max(each))
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.yaxis.set_major_formatter("{x:g}")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# High, low, high. On the left each call of NumPy costs more than the few numbers in it. On the right every number
# comes from memory. The best place to work is between them.
#
# </details>
#
# Two steps of this package do nothing more than stay in that place:
#
# - **im2col in pieces** ([senet_np/fast/columns.py](../senet_np/fast/columns.py)): the windows of a few images are
#   written, multiplied and forgotten before the next few.
# - **Micro-batches** ([senet_np/train/loop.py](../senet_np/train/loop.py)): a minibatch goes through the *whole* net
#   in pieces of up to 32 images. So ReLU finds in the cache what the convolution has just written.

# %%
from senet_np.fast import columns

x = rng.standard_normal((128, 16, 16, 32)).astype(np.float32)
w = rng.standard_normal((3, 3, 32, 32)).astype(np.float32)
mib = 2**20
print(f"x: {x.nbytes / mib:.0f} MiB; its windows: {9 * x.nbytes / mib:.0f} MiB; a piece: {columns.PIECE / mib:.0f} MiB")


def both_passes(kernel):
    """Forward and backward, as a job."""

    def job():
        y, cache = kernel.conv2d_forward(x, w, None)
        return kernel.conv2d_backward(y, cache)

    return job


runs = race({"at once": both_passes(conv), "in pieces": both_passes(columns)})
print({name: f"{median_ms(times):.1f} ms" for name, times in runs.items()})
print(f"in pieces: {ratio(runs['at once'], runs['in pieces'])['median']:.2f} times as fast")

# %% [markdown]
# Large arrays cost time in one more way. When an array is freed, its memory goes back to the operating system. The
# next array has to get it back, page by page. Writing into an array that already exists saves this.
# (`keep_freed_memory` in [senet_np/fast/memory.py](../senet_np/fast/memory.py) makes the C library keep the memory of
# all arrays. We do not call it here, because it cannot be undone.)

# %%
runs = race({"a new array": lambda: np.add(long, 1), "an existing array": lambda: np.add(long, 1, out=copy)})
print({name: f"{median_ms(times):.1f} ms" for name, times in runs.items()})

# %% [markdown]
# ## 5. Fewer multiplications: Winograd
#
# Can a convolution do with fewer multiplications? Take a row of four numbers $d_0 … d_3$ and a kernel of three,
# $g_0, g_1, g_2$. There are two outputs:
#
# $$
# y_0 = d_0 g_0 + d_1 g_1 + d_2 g_2, \qquad y_1 = d_1 g_0 + d_2 g_1 + d_3 g_2 .
# $$
#
# These are six multiplications. Winograd (1980) found a way with four:
#
# $$
# \begin{aligned}
# m_1 &= (d_0 - d_2)\, g_0                 & m_2 &= (d_1 + d_2)\,\tfrac12 (g_0 + g_1 + g_2)\\
# m_4 &= (d_1 - d_3)\, g_2                 & m_3 &= (d_2 - d_1)\,\tfrac12 (g_0 - g_1 + g_2)\\
# y_0 &= m_1 + m_2 + m_3                   & y_1 &= m_2 - m_3 - m_4
# \end{aligned}
# $$
#
# Check $y_0$ by hand: $m_2 + m_3 = d_1 g_1 + d_2 (g_0 + g_2)$, and $m_1$ adds $d_0 g_0 - d_2 g_0$. In each product
# the first factor depends on the data alone, and the second on the kernel alone. So three constant matrices describe
# all of it. A hat marks what is transformed, and ⊙ is the product number by number:
#
# $$
# \hat d = B^\top d, \qquad \hat g = G g, \qquad m = \hat d \odot \hat g, \qquad y = A^\top m
# $$

# %%
B_T = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], float)
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
A_T = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], float)


def winograd_forward(d, g):
    """Two outputs of a convolution in one dimension: y (2,) of d (4,) and g (3,)."""
    d_hat, g_hat = B_T @ d, G @ g
    m = d_hat * g_hat  # the four multiplications
    return A_T @ m, (d_hat, g_hat)


d, g = rng.standard_normal(4), rng.standard_normal(3)
y, _ = winograd_forward(d, g)
print("Winograd:  ", y, "\ndefinition:", np.correlate(d, g))
assert np.allclose(y, np.correlate(d, g))

# %% [markdown]
# In two dimensions the same idea makes tiles of 4×4 outputs from patches of 6×6 numbers: apply the matrices to the
# rows and then to the columns. These are the matrices of [senet_np/fast/winograd.py](../senet_np/fast/winograd.py)
# (Lavin and Gray 2016).
#
# **Predict:** How many multiplications does the definition need for 4×4 outputs of a 3×3 kernel? And how many does
# Winograd's way need between the transforms, where `products` is computed?

# %% tags=["hide-output"]
from senet_np.fast import winograd

B_T_6, G_6, A_T_6 = (np.array(matrix, float) for matrix in (winograd.B_T, winograd.G, winograd.A_T))
patch, kernel = rng.standard_normal((6, 6)), rng.standard_normal((3, 3))

products = (G_6 @ kernel @ G_6.T) * (B_T_6 @ patch @ B_T_6.T)
tile = A_T_6 @ products @ A_T_6.T
by_definition = conv.conv2d_forward(patch[None, :, :, None], kernel[:, :, None, None], None, 1, 0)[0][0, :, :, 0]
assert np.allclose(tile, by_definition)
print(f"tile {tile.shape}; definition: {tile.size * kernel.size} multiplications; Winograd: {products.size}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# 16 outputs times 9 weights are 144 multiplications. Between the transforms there are 6·6 = 36: a quarter.
#
# </details>
#
# **The backward pass** needs no new idea. Each of the matrices is a linear map, y = M x, and the backward pass of a
# linear map is its transpose: dx = Mᵀ dy. (`dy @ w.T` in notebook 2 is an example.) The product ⊙ follows the
# product rule. You will write it in exercise 12.4.
#
# The transforms are not free. The next cell measures the time and the error for more and more channels, forward and
# backward, on 32 images of 16×16. The error is that of float32 against float64, as a share of the largest result.
#
# **Predict:** Is Winograd the faster one for few channels or for many? And is its error larger or smaller than
# im2col's?

# %% tags=["hide-output"]
channels = (8, 16, 32, 64, 128)
faster, errors = [], {"im2col": [], "Winograd": []}
for c in channels:
    print(f"{c} channels, ", end="")
    x = rng.standard_normal((32, 16, 16, c)).astype(np.float32)
    w = (rng.standard_normal((3, 3, c, c)) / np.sqrt(9 * c)).astype(np.float32)
    runs = race({"im2col": both_passes(columns), "Winograd": both_passes(winograd)}, 7)
    faster.append(ratio(runs["im2col"], runs["Winograd"])["median"])
    exact = conv.conv2d_forward(x[:4].astype(float), w.astype(float), None)[0]
    for name, module in (("im2col", columns), ("Winograd", winograd)):
        error = np.abs(module.conv2d_forward(x[:4], w, None)[0] - exact).max() / np.abs(exact).max()
        errors[name].append(error)
print("Winograd is so many times as fast:", np.array(faster))

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
    left.plot(channels, faster, "o-", color=BLUE)
    left.axhline(1, color=GRAY, linewidth=1)
    left.set(xscale="log", xlabel="channels in and out", ylabel="times as fast as im2col in pieces")
    left.set_title("Speed of Winograd (line: equally fast)")
    for (name, values), color, mark in zip(errors.items(), (GRAY, ORANGE), "so"):
        right.plot(channels, values, mark + "-", color=color, label=name)
    right.set(xscale="log", yscale="log", xlabel="channels in and out", ylabel="largest error, as a share")
    right.set_title("Error in float32")
    right.yaxis.set_major_formatter("{x:.0e}")
    for axes in (left, right):
        axes.set_xticks(channels, channels)
        axes.minorticks_off()
    right.legend()
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# It is faster for many channels. The transforms cost something for each channel. The products cost something for each
# *pair* of an input and an output channel, and these are many more. The error is larger by a factor of about ten, one
# digit: the transforms multiply by numbers up to 8 and subtract.
#
# </details>
#
# So [senet_np/fast/conv.py](../senet_np/fast/conv.py) uses Winograd from 32 channels on. This number was measured on
# two machines. If your curve crosses 1 elsewhere, your machine needs another one.
#
# Such kernels compute only *nearly* the same function. So a test must say how nearly. In float64 they agree to
# about 1e-14 of the largest value, in float32 within 2e-5, and the gradient checks run over all of them.
#
# ## 6. Where does the time go?
#
# Before you make a part faster, ask: which share of the time does it have? Take one training step of the tiny
# SE-CNN on one core.
#
# **Predict:** Which shares of the time do the convolutions, batch norm and the SE blocks have? Counted in
# multiplications, convolutions have 99 %.

# %% tags=["hide-output"]
from senet_np.bench import profile
from senet_np.nets import tiny

ms = profile.measure(tiny(), batch=32, micro_batch=32)  # milliseconds
whole = sum(ms.values())
for what, value in sorted(ms.items(), key=lambda item: -item[1]):
    print(f"{what:14} {100 * value / whole:5.1f} %   " + "█" * round(40 * value / whole))

# %% [markdown]
# <details><summary>Answer</summary>
#
# Convolutions have about one half, batch norm and SE together a quarter or more. Operations are not time. Batch norm
# and SE multiply hardly anything, but they go over their arrays again and again. NumPy does one operation at a time,
# and between two operations the whole array goes out and comes back.
#
# </details>
#
# How much does the whole gain? One part has a share of the time and becomes faster by a factor. The rest, 1 − share,
# stays. So the gain of the whole is (Amdahl 1967)
#
# $$
# \frac{1}{(1-\text{share}) + \text{share}/\text{factor}} \;\le\; \frac{1}{1-\text{share}} .
# $$


# %%
def amdahl(share, factor):
    return 1 / (1 - share + share / factor)


ours = ms["convolutions"] / whole
for factor in (1.5, 2, 4, np.inf):
    print(f"if convolutions were {factor:3} times as fast, the step would be {amdahl(ours, factor):.2f} times as fast")


# %% jupyter={"source_hidden": true} tags=["hide-input"]
def draw_amdahl(share):
    factors = np.linspace(1, 16, 200)
    with style():
        figure, axes = plt.subplots(figsize=(7, 3.4))
        for other, line in ((0.25, ":"), (0.5, "--"), (0.9, "-.")):
            axes.plot(factors, amdahl(other, factors), line, color=GRAY, label=f"share {other:.2f}")
        axes.plot(factors, amdahl(share, factors), color=ORANGE, linewidth=2.5, label=f"share {share:.2f}")
        axes.axhline(1 / (1 - share), color=ORANGE, linewidth=0.8)
        axes.set(xlabel="this part becomes so many times as fast", ylabel="gain of the whole", ylim=(0.9, 8))
        axes.set_title(f"A share of {share:.2f} makes the whole at most {1 / (1 - share):.1f} times as fast")
        axes.legend(loc="upper left", ncols=2)
    plt.show()


# %% [markdown]
# Move the share. (The slider starts near the share of your convolutions.)

# %%
_ = interact(draw_amdahl, share=FloatSlider(value=round(20 * ours) / 20, min=0.05, max=0.95, step=0.05))

# %% [markdown]
# ## 7. Two cores, and not one bit of difference
#
# The loss of a minibatch is a mean over its N images. Cut the minibatch into pieces. Then the gradient with respect
# to the parameters θ is a weighted sum, and each piece can go through the whole net in a worker of its own:
#
# $$
# \frac{\partial L}{\partial\theta} =
# \sum_{\text{pieces}} \frac{\text{images in the piece}}{N}\,\frac{\partial L_{\text{piece}}}{\partial\theta} .
# $$
#
# But in floating point the order of a sum matters:

# %%
one = np.float32(1e8)
print("(1e8 + 1) − 1e8 =", (one + np.float32(1)) - one, "   (1e8 − 1e8) + 1 =", (one - one) + np.float32(1))

# %% [markdown]
# **Predict:** One worker or two workers compute the gradients of 64 images, in pieces of 32. Are the two results
# equal up to rounding, or exactly equal? What must the program do for the second?

# %% tags=["hide-output"]
from senet_np.bench.nets import step_arguments
from senet_np.fast.workers import Workers
from senet_np.train.loop import gradients
from senet_np.tree import tree_items

one_core.restore_original_limits()
arguments = step_arguments(tiny(), batch=64)  # net, params, state, x, labels
results = {}
for count in (1, 2):
    print(f"{count} worker(s): ", end="")
    with Workers(count, processes=False) as workers:  # threads, which work in a notebook on every system
        results[count] = gradients(*arguments, 32, workers)
        times = [seconds(lambda: gradients(*arguments, 32, workers)) for _ in range(3)]
    print(f"{64 / min(times):,.0f} images/s")
pairs = [*zip(tree_items(results[1].grads), tree_items(results[2].grads))]
equal = [np.array_equal(g1, g2) for (_, g1), (_, g2) in pairs]
print(f"{sum(equal)} of {len(equal)} gradient arrays are equal, bit for bit")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Exactly equal. The program adds the gradients in the order of the pieces, whoever finishes first. And how it cuts a
# minibatch depends on the size of the minibatch alone, not on the number of workers. So the number of workers changes
# the time and nothing else.
#
# </details>

# %%
assert all(equal)

# %% [markdown]
# Two threads may gain little. They share Python's lock: NumPy releases it while it computes, but every operation has
# to take it again. On Linux `Workers` uses processes, which have a lock each, and passes arrays in memory that all of
# them see ([senet_np/fast/workers.py](../senet_np/fast/workers.py)).
#
# ## 8. Against PyTorch
#
#     python -m senet_np bench nets --nets tiny    # a few minutes; with PyTorch where it is installed
#
# This command measures the steps of this notebook one after the other. Then NumPy and PyTorch take turns on the same
# cores, after a check that both compute the same gradients. [docs/speed.md](../docs/speed.md) has the results of two
# machines. In words:
#
# - On the whole, NumPy and PyTorch on the CPU are about level: over three networks NumPy is 1.09 times as fast on one
#   machine and 0.92 times on the other.
# - NumPy is behind where there are few channels: the first stage of SE-ResNet-20 has 16. With more of them Winograd saves
#   more; which side is ahead then depends on the machine.
# - `torch.compile` joins several passes over memory into one, which NumPy cannot do. On the second machine it is
#   faster than NumPy on all three networks.
# - The aim was 1.3 times as fast on the whole. It was not reached.
#
# ## In five sentences
#
# 1. Time two programs in turns, give each an untimed run first, and report the median of the ratios within the
#    rounds.
# 2. One call of compiled code that does much work is a thousand times as fast as Python loops with the same
#    operations.
# 3. The operations per byte that must move tell whether memory or multiplying limits a layer.
# 4. Winograd's convolution needs a quarter of the multiplications, loses about one digit in float32, and is faster
#    only with many channels.
# 5. A part makes the whole at most 1/(1 − its share of the time) times as fast, so measure the shares first.
#
# ## Exercises
#
# No answer depends on a time: all of them are the same on every machine.

# %% [markdown]
# ### Exercise 12.1 · What SE costs: operations, or bytes?
#
# The maps u are (32, 16, 16, 64), float32, and r = 4. Compute the arithmetic intensity of three steps of the SE
# block:
#
# - the squeeze: it reads u and writes z; one addition per number of u;
# - FC1 without its bias: it reads z and w1 and writes a; count a multiplication and an addition as two operations;
# - the scale: it reads u and s and writes X̃; one multiplication per number of u.
#
# Give three significant digits. And which of the three moves the most bytes: `"squeeze"`, `"fc1"` or `"scale"`?
#
# <details><summary>Hint</summary>
#
# Write down the shape of every array first: z (32, 64), w1 (64, 16), a (32, 16). A mean over H·W numbers is H·W
# additions.
#
# </details>

# %%
squeeze = ...  # operations per byte
fc1 = ...
scale = ...
most_bytes = ...

check("12.1", squeeze, fc1, scale, most_bytes)

# %% [markdown]
# ### Exercise 12.2 · A fair comparison
#
# This benchmark prints that a program is faster than itself:
#
# ```python
# def compare(time_a, time_b):
#     a = [time_a() for _ in range(20)]
#     b = [time_b() for _ in range(20)]
#     return max(b) / min(a)
# ```
#
# `time_a()` runs program A once and returns its seconds; `time_b()` does the same for B. Write a `compare` that
# returns how many times as fast A is as B. Use at least 20 rounds. The check calls it on simulated machines that are
# not quiet. Target: within 6 % of the truth on each.
#
# <details><summary>Hint</summary>
#
# The second cell of section 1 has two ways to compare. Which one survives a machine that changes? And which summary
# of many ratios is not moved by a few very large ones?
#
# </details>


# %%
def compare(time_a, time_b):
    """How many times as fast A is as B."""
    ...


check("12.2", compare)

# %% [markdown]
# ### Exercise 12.3 · Where to begin
#
# In a training step convolutions take 60 % of the time, batch norm 25 % and the SE blocks 15 %.
#
# 1. Batch norm becomes four times as fast. How many times as fast is the step?
# 2. How many times as fast can the step become at most if you work only on the SE blocks?
# 3. You work only on the convolutions, and the step must become twice as fast. How many times as fast must they
#    become?
#
# Give three significant digits.
#
# <details><summary>Hint</summary>
#
# Let the old step take 1. Write down the new time as a sum of three terms. For the third question set this sum to
# 1/2.
#
# </details>

# %%
norm_faster = ...
se_free = ...
convolutions_needed = ...

check("12.3", norm_faster, se_free, convolutions_needed)

# %% [markdown]
# ### Exercise 12.4 · Winograd, backward
#
# Write the backward pass of `winograd_forward` from section 5: from `dy` (2,) and the cache to `dd` (4,) and `dg`
# (3,). The check compares it with finite differences.
#
# <details><summary>Hint</summary>
#
# Take the four equations before `winograd_forward` from the last to the first. `A_T.T` is A.
#
# </details>


# %%
def winograd_backward(dy, cache):
    """The gradients with respect to d and g."""
    ...


check("12.4", winograd_forward, winograd_backward)

# %% [markdown]
# ### Exercise 12.5 · How many workers?
#
# A minibatch of 128 images is cut into micro-batches of 32. All of them take the same time, each worker has a core of
# its own, and a worker takes the next piece as soon as it is free. How many times as fast as one worker are 1, 2, 3,
# 4 and 8 workers? Give a list of five numbers.
#
# <details><summary>Hint</summary>
#
# How many pieces are there? When is the last piece done, if one piece takes 1?
#
# </details>

# %%
times_as_fast = ...  # for 1, 2, 3, 4 and 8 workers

check("12.5", times_as_fast)

# %% [markdown]
# Solutions: [solutions/12_speed.ipynb](solutions/12_speed.ipynb), after you have tried.
#
# **Read next:** [senet_np/fast/winograd.py](../senet_np/fast/winograd.py), whose first lines explain the rest of
# section 5; [docs/speed.md](../docs/speed.md); then notebook 13, which spends the speed on accuracy.
