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
# **Afterwards you can** time two programs on a noisy machine without fooling yourself; say from a layer's
# shape whether multiplying or memory bounds it; derive Winograd's convolution and its backward pass; and
# say what each rung from plain loops to this package's training step is worth, and why.
#
# **You need** notebook 6 (convolution as one matrix product). **Time:** 50 minutes.
#
# Every time in this notebook is measured on your machine, when you run it. So the text gives no seconds. It
# tells what to look at, and ratios will differ between machines; that is part of the lesson.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact
from threadpoolctl import threadpool_limits

from senet_np.figures.style import BLUE, GRAY, ORANGE, style

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)
one_core = threadpool_limits(1, "blas")  # matrix products on one core, until section 7

# %% [markdown]
# ## 1. Time is a noisy number
#
# The simplest measurement: look at the clock before and after.

# %%
a = rng.standard_normal((256, 256)).astype(np.float32)


def seconds(job):
    """One run of a function, by the clock."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


ms = np.array([1000 * seconds(lambda: a @ a) for _ in range(200)])
print("one product of 256×256 matrices, 200 times, ms:")
print(f"first {ms[0]:.3f}   fastest {ms.min():.3f}   median {np.median(ms):.3f}   slowest {ms.max():.3f}")

# %% [markdown]
# The first run pays for what is not in the cache yet; others wait while the machine does something else.
# The *fastest* run shows what the machine can do, the *median* what it usually does.
#
# Now compare two programs. Say that they are equally fast, and that the machine slows down in the middle of
# the measurement, as laptops do when they get warm.
#
# *Predict: what is the ratio if first all of A is timed and then all of B? And if A and B take turns and
# the ratio is taken within each round?*

# %%
clock = np.linspace(1.0, 1.4, 40) * (1 + 0.03 * rng.standard_normal(40))  # how slow the machine is, run by run
one_after_the_other = np.median(clock[20:]) / np.median(clock[:20])
in_turns = np.median(clock[1::2] / clock[::2])
print(f"B is slower by a factor of   {one_after_the_other:.2f} (one after the other)   {in_turns:.2f} (in turns)")
assert abs(in_turns - 1) < 0.05 < one_after_the_other - 1

# %% [markdown]
# Hence the rule of this package ([senet_np/bench/timing.py](../senet_np/bench/timing.py)): contenders take
# turns, each has a warm-up turn that is not counted, and what is reported is the median of the ratios
# within rounds. And a timing is never asserted in a test: a test that fails on a busy machine teaches
# people to ignore tests.

# %%
from senet_np.bench.timing import in_turns as take_turns
from senet_np.bench.timing import ratio, timer


def race(jobs, rounds=5):
    """Seconds of each job, a list over the rounds."""
    return take_turns({name: timer(job) for name, job in jobs.items()}, rounds)


def median_ms(runs):
    return 1000 * np.median(runs)


# %% [markdown]
# ## 2. From loops to one matrix product
#
# A convolution 3×3 from 16 to 32 channels on one small image: by the loops of notebook 6
# ([ops/reference](../senet_np/ops/reference/images.py)) and by im2col ([ops/conv.py](../senet_np/ops/conv.py)).
# Both do the same multiplications.
#
# *Predict the ratio of their times. Ten? A hundred? More?*

# %%
from senet_np.ops import conv, reference

x = rng.standard_normal((1, 8, 8, 16)).astype(np.float32)
w = rng.standard_normal((3, 3, 16, 32)).astype(np.float32)
assert np.allclose(reference.conv2d_forward(x, w, None)[0], conv.conv2d_forward(x, w, None)[0], atol=1e-4)

operations = 2 * x[..., 0].size * w.size  # a multiplication and an addition for each pixel and weight
runs = race(
    {"loops": lambda: reference.conv2d_forward(x, w, None), "im2col": lambda: conv.conv2d_forward(x, w, None)}, 2
)
for name, times in runs.items():
    print(f"{name:8} {median_ms(times):9.3f} ms   {operations / np.median(times) / 1e9:9.4f} GFLOP/s")
print(f"im2col is {ratio(runs['loops'], runs['im2col'])['median']:,.0f} times as fast")

# %% [markdown]
# The loops spend their time in Python: finding out that two things are numbers, making an object for the
# product, counting. im2col calls NumPy a dozen times in all, and a compiled matrix product does the rest.
#
# GFLOP/s, 10⁹ operations per second, is the unit of this notebook. It shows how far one is from what the
# machine can do.
#
# ## 3. The roof
#
# A core can multiply only so fast, and memory can deliver only so fast. Measure both: a large matrix
# product, and a copy of an array that fits into no cache.

# %%
big = rng.standard_normal((1024, 1024)).astype(np.float32)
long = rng.standard_normal(1 << 24).astype(np.float32)  # 64 MiB
copy = np.empty_like(long)

peak = 2 * 1024**3 / min(seconds(lambda: big @ big) for _ in range(5)) / 1e9
bandwidth = 2 * long.nbytes / min(seconds(lambda: np.copyto(copy, long)) for _ in range(5)) / 1e9
print(f"one core multiplies at {peak:.0f} GFLOP/s; memory moves {bandwidth:.0f} GB/s (read and written)")
print(f"so for each byte that moves, {peak / bandwidth:.0f} operations could be done")

# %% [markdown]
# The **arithmetic intensity** of a layer is its number of operations for each byte that must move: all
# inputs read once, all outputs written once. If it is below the number just printed, memory bounds the
# layer, else multiplying does. The rate cannot be above
#
# $$
# \min(\text{peak},\ \text{intensity} \times \text{bandwidth}),
# $$
#
# which drawn over the intensity looks like a roof (Williams, Waterman, Patterson 2009).
#
# *Predict for each of these, on 32 images of 16×16, whether it lies under the slope or under the flat
# part: ReLU on 64 channels; a 1×1 convolution 16 → 16; a 3×3 convolution 16 → 16; a 3×3 convolution 64 →
# 64.*


# %%
def intensity(operations, *arrays):
    return operations / sum(array.nbytes for array in arrays)


def convolution(k, c):
    """A job, its number of operations, and its intensity: k×k, c to c channels."""
    x = rng.standard_normal((32, 16, 16, c)).astype(np.float32)
    w = rng.standard_normal((k, k, c, c)).astype(np.float32)
    operations = 2 * x[..., 0].size * w.size
    return (lambda: conv.conv2d_forward(x, w, None, 1, k // 2)), operations, intensity(operations, x, x, w)


u = rng.standard_normal((32, 16, 16, 64)).astype(np.float32)
layers = {
    "ReLU, 64 channels": ((lambda: np.maximum(u, 0)), u.size, intensity(u.size, u, u)),
    "1×1, 16 → 16": convolution(1, 16),
    "3×3, 16 → 16": convolution(3, 16),
    "3×3, 64 → 64": convolution(3, 64),
}
rates = {}
for name, (job, operations, where) in layers.items():
    job()
    rates[name] = where, operations / min(seconds(job) for _ in range(20)) / 1e9
    roof = min(peak, where * bandwidth)
    print(f"{name:18} {where:7.2f} operations per byte   {rates[name][1]:7.2f} GFLOP/s of at most {roof:7.2f}")

# %%
with style():
    figure, axes = plt.subplots(figsize=(8, 4))
    span = np.geomspace(0.05, 1000, 100)
    axes.plot(span, np.minimum(peak, span * bandwidth), color=GRAY, label="the roof of this machine, one core")
    for mark, (name, (where, rate)) in zip("os^D", rates.items()):
        axes.plot(where, rate, mark, color=ORANGE if "ReLU" in name else BLUE, label=name, markersize=8)
    axes.set(xscale="log", yscale="log", title="Few operations per byte: memory bounds the layer, not the core")
    axes.set(xlabel="arithmetic intensity (operations per byte)", ylabel="rate (GFLOP/s)")
    axes.legend(loc="upper left")
    plt.show()

# %% [markdown]
# Two things to see. ReLU uses a small part of what the core could do and can do no better: what bounds it
# is that its numbers come and go. (If it lies a little above the slope, its array was still in the cache,
# which is faster than memory. That is the next section.) And the 3×3 convolutions lie well below the flat
# roof: to lay out the windows, im2col writes each number nine times and reads it again.
#
# ## 4. Work on what lies in the cache
#
# The same addition on arrays of growing size, as time for each number.
#
# *Predict the shape of the curve.*

# %%
sizes = 2 ** np.arange(8, 25)
each = []
for size in sizes:
    v, out = np.ones(size, np.float32), np.empty(size, np.float32)
    repeat = max(1, (1 << 21) // size)
    job = lambda v=v, out=out, repeat=repeat: [np.add(v, 1, out=out) for _ in range(repeat)]
    job()
    each.append(1e9 * min(seconds(job) for _ in range(3)) / (repeat * size))

with style():
    figure, axes = plt.subplots(figsize=(8, 3.6))
    axes.plot(2 * sizes * 4 / 1024, each, "o-", color=BLUE)
    axes.set(xscale="log", yscale="log", title="A number costs most where arrays are tiny or fit into no cache")
    axes.set(xlabel="memory touched (KiB)", ylabel="time for one number (ns)")
    plt.show()

# %% [markdown]
# At the left each call into NumPy costs more than the numbers in it; at the right every number comes from
# memory. Between them is the place to work. Two rungs of the ladder are nothing but this:
#
# - **im2col in pieces** ([fast/columns.py](../senet_np/fast/columns.py)): a few images are laid
#   out, multiplied and forgotten before the next.
# - **Micro-batches** ([train/loop.py](../senet_np/train/loop.py)): a minibatch goes through
#   the *whole* net in pieces of up to 32 images, so that ReLU finds in the cache what the convolution
#   wrote.

# %%
from senet_np.fast import columns

x = rng.standard_normal((128, 16, 16, 32)).astype(np.float32)
w = rng.standard_normal((3, 3, 32, 32)).astype(np.float32)
print(
    f"x: {x.nbytes / 2**20:.0f} MiB; its windows: {9 * x.nbytes / 2**20:.0f} MiB; a piece: {columns.PIECE / 2**20:.0f} MiB"
)


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
# A third thing happens where arrays are large: an array that is freed goes back to the operating system,
# and the next one has to be fetched page by page. Writing into an array that is there already saves that.
# (`keep_freed_memory` in [fast/memory.py](../senet_np/fast/memory.py) makes the C library do so for all
# arrays; we do not call it here, since it cannot be undone.)

# %%
runs = race({"a new array": lambda: np.add(long, 1), "into an old one": lambda: np.add(long, 1, out=copy)})
print({name: f"{median_ms(times):.1f} ms" for name, times in runs.items()})

# %% [markdown]
# ## 5. Fewer multiplications: Winograd
#
# Take a row of four numbers $d_0 … d_3$ and a kernel of three, $g_0, g_1, g_2$. Two outputs:
#
# $$
# y_0 = d_0 g_0 + d_1 g_1 + d_2 g_2, \qquad y_1 = d_1 g_0 + d_2 g_1 + d_3 g_2 .
# $$
#
# Six multiplications. Winograd (1980) found a way with four:
#
# $$
# \begin{aligned}
# m_1 &= (d_0 - d_2)\, g_0                 & m_2 &= (d_1 + d_2)\,\tfrac12 (g_0 + g_1 + g_2)\\
# m_4 &= (d_1 - d_3)\, g_2                 & m_3 &= (d_2 - d_1)\,\tfrac12 (g_0 - g_1 + g_2)\\
# y_0 &= m_1 + m_2 + m_3                   & y_1 &= m_2 - m_3 - m_4
# \end{aligned}
# $$
#
# Check $y_0$ by hand: $m_2 + m_3 = d_1 g_1 + d_2 (g_0 + g_2)$, and $m_1$ adds $d_0 g_0 - d_2 g_0$. What
# stands in front of the products depends on the kernel alone or on the data alone, so it is three constant
# matrices:
#
# $$
# y = A^\top\,[\,(G g) \odot (B^\top d)\,]
# $$

# %%
B_T = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], float)
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
A_T = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], float)

d, g = rng.standard_normal(4), rng.standard_normal(3)
m = (G @ g) * (B_T @ d)  # the four multiplications
y = A_T @ m
print("Winograd:  ", y, "\ndefinition:", np.correlate(d, g))
assert np.allclose(y, np.correlate(d, g))

# %% [markdown]
# Now in two directions, with outputs of 4×4 from patches of 6×6: apply the maps to rows and to columns.
# These are the matrices of [fast/winograd.py](../senet_np/fast/winograd.py) (Lavin and Gray 2016).
#
# *Predict: how many multiplications does the definition need for 4×4 outputs of a 3×3 kernel? And how many
# stand in ⊙ below?*

# %%
from senet_np.fast import winograd

B_T, G, A_T = (np.array(matrix, float) for matrix in (winograd.B_T, winograd.G, winograd.A_T))
patch, kernel = rng.standard_normal((6, 6)), rng.standard_normal((3, 3))

products = (G @ kernel @ G.T) * (B_T @ patch @ B_T.T)  # (6, 6)
tile = A_T @ products @ A_T.T  # (4, 4)
by_definition = conv.conv2d_forward(patch[None, :, :, None], kernel[:, :, None, None], None, 1, 0)[0][0, :, :, 0]
assert np.allclose(tile, by_definition)
print(f"definition: {tile.size * kernel.size} multiplications; Winograd: {products.size}")
print("Bᵀ, which adds and subtracts:\n", B_T)

# %% [markdown]
# A quarter. The transforms cost additions, and they are paid once for each channel, while the products are
# paid for each *pair* of an input and an output channel. So the more channels, the better; and with
# channels, ⊙ becomes 36 matrix products over channels.
#
# **The backward pass** needs no new idea. With the kernel fixed, y is a chain of three linear maps of d,
# and the backward pass of a linear map is its transpose. In one dimension, with $v = B^\top d$ and $k = G
# g$:
#
# $$
# dm = A\,dy, \qquad dv = dm \odot k, \qquad dk = dm \odot v, \qquad dd = B\,dv, \qquad dg = G^\top dk .
# $$

# %%
dy = rng.standard_normal((4, 4))  # upstream gradient of the tile
dproducts = A_T.T @ dy @ A_T
dpatch = B_T.T @ (dproducts * (G @ kernel @ G.T)) @ B_T
dkernel = G.T @ (dproducts * (B_T @ patch @ B_T.T)) @ G

# the definition: each product patch·kernel sends dy·kernel to the patch and dy·patch to the kernel
dx, dw, _ = conv.conv2d_backward(
    dy[None, :, :, None], conv.conv2d_forward(patch[None, :, :, None], kernel[:, :, None, None], None, 1, 0)[1]
)
assert np.allclose(dpatch, dx[0, :, :, 0])
assert np.allclose(dkernel, dw[:, :, 0, 0])
print("both gradients are those of the definition")

# %% [markdown]
# What does it buy, and what does it cost? Over channels, forward and backward, on 32 images of 16×16; and
# the error of float32 against float64, as a share of the largest result.

# %%
channels = (8, 16, 32, 64, 128)
faster, errors = [], {"im2col": [], "Winograd": []}
for c in channels:
    x = rng.standard_normal((32, 16, 16, c)).astype(np.float32)
    w = (rng.standard_normal((3, 3, c, c)) / np.sqrt(9 * c)).astype(np.float32)
    runs = race({"im2col": both_passes(columns), "Winograd": both_passes(winograd)}, 7)
    faster.append(ratio(runs["im2col"], runs["Winograd"])["median"])
    exact = conv.conv2d_forward(x[:4].astype(float), w.astype(float), None)[0]
    for name, kernel_module in (("im2col", columns), ("Winograd", winograd)):
        error = np.abs(kernel_module.conv2d_forward(x[:4], w, None)[0] - exact).max() / np.abs(exact).max()
        errors[name].append(error)

with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    left.plot(channels, faster, "o-", color=BLUE)
    left.axhline(1, color=GRAY, linewidth=1)
    left.set(xscale="log", xlabel="channels in and out", ylabel="times as fast as im2col in pieces")
    left.set_title("Where Winograd pays, it is above the line")
    for (name, values), color, mark in zip(errors.items(), (GRAY, ORANGE), "so"):
        right.plot(channels, values, mark + "-", color=color, label=name)
    right.set(xscale="log", yscale="log", xlabel="channels in and out", ylabel="largest error in float32 (share)")
    right.set_title("Its price: about one digit")
    for axes in (left, right):
        axes.set_xticks(channels, channels)
        axes.minorticks_off()
    right.legend()
    plt.show()

# %% [markdown]
# Hence `fast/conv.py` takes Winograd from 32 channels on. That number was measured on two machines;
# if your curve crosses 1 elsewhere, your machine would want another one.
#
# Kernels that are only *nearly* the same function need a test that measures how nearly: in float64 they agree
# to 1e-12 or so, in float32 within 2e-5, and the gradient checks run over all of them.
#
# ## 6. Where does the time go?
#
# Before one makes anything faster: what share does it have? One training step of the tiny SE-CNN on one
# core.
#
# *Predict the shares of the convolutions, of batch norm and of the SE blocks. (By multiplications,
# convolutions are 99 %.)*

# %%
from senet_np.bench import profile
from senet_np.nets import tiny

ms = profile.measure(tiny(), batch=32, micro_batch=32)  # milliseconds
whole = sum(ms.values())
for what, value in sorted(ms.items(), key=lambda item: -item[1]):
    print(f"{what:14} {100 * value / whole:5.1f} %   " + "█" * round(40 * value / whole))

# %% [markdown]
# Operations are not time. Batch norm and SE multiply hardly anything and pass over their arrays again and
# again: NumPy does one operation at a time, and between two of them the array goes out and comes back.
#
# If a share $p$ of the time is made $k$ times as fast, the whole gets faster by (Amdahl 1967)
#
# $$
# \frac{1}{(1-p) + p/k} \;\le\; \frac{1}{1-p} .
# $$


# %%
def amdahl(p, k):
    return 1 / (1 - p + p / k)


share = ms["convolutions"] / whole
for k in (1.5, 2, 4, np.inf):
    print(f"convolutions {k:3} times as fast: the step {amdahl(share, k):.2f} times")


# %%
def draw_amdahl(p):
    k = np.linspace(1, 16, 200)
    with style():
        figure, axes = plt.subplots(figsize=(7, 3.4))
        for other, line in ((0.25, ":"), (0.5, "--"), (0.9, "-.")):
            axes.plot(k, amdahl(other, k), line, color=GRAY, label=f"share {other:.2f}")
        axes.plot(k, amdahl(p, k), color=ORANGE, linewidth=2.5, label=f"share {p:.2f}")
        axes.axhline(1 / (1 - p), color=ORANGE, linewidth=0.8)
        axes.set(xlabel="that part is k times as fast", ylabel="the whole is … times as fast", ylim=(0.9, 8))
        axes.set_title(f"A share of {p:.2f} can make the whole at most {1 / (1 - p):.1f} times as fast")
        axes.legend(loc="upper left", ncols=2)
        plt.show()


draw_amdahl(round(share, 2))

# %% [markdown]
# Move the share:

# %%
_ = interact(draw_amdahl, p=FloatSlider(value=0.6, min=0.05, max=0.95, step=0.05))
# %% [markdown]
# ## 7. Two cores, and not a bit of difference
#
# The loss of a minibatch is a mean over its images, so its gradient is a weighted sum over pieces:
#
# $$
# \frac{\partial L}{\partial\theta} = \sum_k \frac{N_k}{N}\,\frac{\partial L_k}{\partial\theta} .
# $$
#
# Each piece goes through the whole net in one worker. Floating-point addition is not associative, so a sum
# in the order in which workers happen to finish would differ from run to run.

# %%
one = np.float32(1e8)
print("(1e8 + 1) − 1e8 =", (one + np.float32(1)) - one, "   (1e8 − 1e8) + 1 =", (one - one) + np.float32(1))

# %% [markdown]
# Therefore the gradients are added in the order of the pieces, and how a minibatch is cut depends on its
# size alone. *Predict: are the gradients of one and of two workers equal to rounding, or equal?*

# %%
from senet_np.bench.nets import step_arguments
from senet_np.fast.workers import Workers
from senet_np.train.loop import gradients
from senet_np.tree import tree_items

one_core.restore_original_limits()
arguments = step_arguments(tiny(), batch=64)  # net, params, state, x, labels
results = {}
for count in (1, 2):
    with Workers(count, processes=False) as workers:  # threads, which work in a notebook on every system
        results[count] = gradients(*arguments, 32, workers)
        times = [seconds(lambda: gradients(*arguments, 32, workers)) for _ in range(3)]
        print(f"{count} worker(s): {64 / min(times):,.0f} images/s")
pairs = zip(tree_items(results[1].grads), tree_items(results[2].grads))
assert all(np.array_equal(g1, g2) for (_, g1), (_, g2) in pairs)
print("all gradients are equal, bit for bit")

# %% [markdown]
# Two threads share Python's lock: NumPy lets go of it while it computes, but every operation has to take it
# again. `Workers` uses processes on Linux, which have a lock each, and hands arrays over in memory that
# both see ([fast/workers.py](../senet_np/fast/workers.py)).
#
# ## 8. Against PyTorch
#
#     python -m senet_np bench nets --nets tiny    # a few minutes; with PyTorch, where it is installed
#
# runs the rungs of this notebook one above the other, then takes turns with PyTorch on the same cores,
# after checking that both compute the same gradients. [docs/speed.md](../docs/speed.md) has the results of
# two machines. In words: on the whole NumPy is about level with PyTorch on the CPU. It is ahead where
# channels are many, since Winograd saves what they cost; it is behind where they are few (SE-ResNet-20's
# first stage has 16). `torch.compile`, which fuses passes over memory as NumPy cannot, is faster still. Which
# one is ahead on a given net depends on the machine too. The aim, 1.3 times as fast on the whole, was
# not reached.
#
# ## Try it
#
# 1. What is the arithmetic intensity of the SE block's squeeze, its two FCs and its scaling, for u of (32,
#    16, 16, 64) and r = 4? Which of them costs time? Why do papers that count FLOPs call SE nearly free?
#
#    <details><summary>Hint</summary>
#
#    The squeeze reads u and writes z. The scaling reads u and s, and writes an array as large as u.
#
#    </details>
#
# 2. *Spot the bugs.* A benchmark reports that A is 3 times as fast as B. Four things are wrong with it.
#
#    ```python
#    x = np.random.randn(32, 16, 16, 64)
#    w = np.random.randn(3, 3, 64, 64).astype(np.float32)
#    a_times = [seconds(lambda: winograd.conv2d_forward(x.astype(np.float32), w, None)) for _ in range(10)]
#    b_times = [seconds(lambda: conv.conv2d_forward(x, w.astype(float), None)) for _ in range(10)]
#    print("A is", max(b_times) / min(a_times), "times as fast")
#    ```
#
#    <details><summary>Hint</summary>
#
#    Which dtype does each compute in? What else is timed? What would the last line print if A were B?
#
#    </details>
#
# 3. Write the backward pass of the one-dimensional Winograd, F(2, 3), as a function of `dy`, `d` and `g`,
#    and prove it by `senet_np.gradcheck.check_gradients`.
#
#    <details><summary>Hint</summary>
#
#    The five equations of section 5, one line each. `check_gradients` takes your forward pass, which
#    returns `y` and a cache, your backward pass, which takes `dy` and the cache, and the arguments.
#
#    </details>
#
# 4. A batch of 64 in micro-batches of 32 has two pieces. What do four workers do for it? Draw images
#    per second over the number of workers for a batch of 128, and explain where it stops.
#
#    <details><summary>Hint</summary>
#
#    How many pieces are there, and how many cores?
#
#    </details>
#
# Solutions: [solutions/12_speed.ipynb](solutions/12_speed.ipynb)
#
# **Read next:** `senet_np/fast/`; [docs/speed.md](../docs/speed.md);
# `senet_np/bench/`. **Next:** notebook 13, which spends the speed on accuracy.
