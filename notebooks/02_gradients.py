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
# # 2 · Gradients you can trust: finite differences, and how checks fool you
#
# **Afterwards you can** write a backward pass from a chain of derivatives; check it by finite differences with
# a good step; and judge whether a gradient check that passed has proved anything.
#
# **You need** notebook 1 (the words channel and ReLU); NumPy arrays and the matrix product `@`; partial
# derivatives and the chain rule; the first terms of a Taylor series (section 2 writes them out); and axes with
# a logarithmic scale.
#
# **Time:** 90 minutes to read and run, 155 with the exercises. If you have less: sections 1 to 3 are the core. Of the
# eight traps in section 4 read 1, 2, 3 and 8 first. Section 5 can wait until notebook 4.
#
# Letters: [symbols](../docs/symbols.md).

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact

from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.gradcheck import KinkError, check_gradients

np.set_printoptions(precision=4, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. What a backward pass returns
#
# A network is a chain of layers. Training needs to know how each number in it changes the loss L, a single
# number at the end. We write all derivatives by hand in this course, and a mistake in one of them is easy to
# make. Worse, a network with a wrong gradient often still trains, only badly. So first we learn to check.
#
# A layer takes an array x and returns an array y. In general every y depends on every x, so there is a large
# matrix of derivatives. Training never needs the whole matrix. The layer is given the **upstream gradient** dy,
# which comes from the layers after it. It must return dx:
#
# $$
# dy_k = \frac{\partial L}{\partial y_k},\qquad\qquad
# dx_i = \frac{\partial L}{\partial x_i} = \sum_k dy_k\,\frac{\partial y_k}{\partial x_i}.
# $$
#
# dy has the shape of y, and dx has the shape of x. The sum is the chain rule: a change of $x_i$ changes the
# numbers $y_k$, and these change L. There is no other way from $x_i$ to L.
#
# To test a layer *alone*, without a network, we need two things: a dy and a loss L. We draw dy at random and then
# hold it fixed. As the loss we take
#
# $$
# L = \sum_k y_k\,dy_k .
# $$
#
# Nobody trains with this loss. We take it because its gradients are exactly those that we need. Its derivative
# with respect to $y_k$ is $dy_k$. Its derivative with respect to
# $x_i$ is $\sum_k dy_k\,\partial y_k/\partial x_i$: the formula for $dx_i$ above. So a backward
# pass that is given this dy must return the gradient of this L. The whole notebook uses this.
#
# Our example multiplies by a matrix, adds a bias, and applies the sigmoid σ(a) = 1 / (1 + exp(−a)). The sigmoid
# turns any number into one between 0 and 1. The excitation of an SE block ends with such a layer (notebook 4).


# %%
def forward(x, w, b):
    a = x @ w + b  # (N, D) @ (D, M) + (M,) = (N, M)
    y = 1 / (1 + np.exp(-a))
    return y, (x, w, y)  # y, and what the backward pass will need: the cache


x, w, b = rng.standard_normal((3, 4)), rng.standard_normal((4, 2)), rng.standard_normal(2)
y, cache = forward(x, w, b)
dy = rng.standard_normal(y.shape)
print("y =\n", y, "\ndy, drawn at random =\n", dy, "\nL = Σ y·dy =", np.sum(y * dy))

# %% [markdown]
# Now backward, step by step. Each line is the derivative of one line of the forward pass. The index n counts
# rows of x (images), d its columns, m the columns of w:
#
# $$
# \begin{aligned}
# y &= \sigma(a): & da &= dy \cdot y\,(1-y) &&\text{since } \sigma' = \sigma(1-\sigma)\\
# a[n,m] &= \textstyle\sum_d x[n,d]\,w[d,m] + b[m]: & db[m] &= \textstyle\sum_n da[n,m] &&\text{b is in every row}\\
# & & dw[d,m] &= \textstyle\sum_n x[n,d]\,da[n,m] &&\text{in NumPy: x.T @ da}\\
# & & dx[n,d] &= \textstyle\sum_m da[n,m]\,w[d,m] &&\text{in NumPy: da @ w.T}
# \end{aligned}
# $$
#
# Why is σ′ = σ (1 − σ)? The chain rule gives the first step. Then we split the fraction in two:
#
# $$
# \sigma'(a) = \frac{\exp(-a)}{(1+\exp(-a))^2}
# = \frac{1}{1+\exp(-a)} \cdot \frac{\exp(-a)}{1+\exp(-a)} = y\,(1-y)
# $$
#
# The first factor is y. The second one is 1 − y, because (1 + exp(−a) − 1) / (1 + exp(−a)) = 1 − y.
#
# For dw, ask where `w[d, m]` stands in the forward pass: in `a[n, m]` for every n, each time with the factor
# `x[n, d]`. So its gradient is the sum over n. As a matrix product this needs x with rows and columns
# exchanged, the transpose `x.T`.


# %%
def backward(dy, cache):
    x, w, y = cache
    da = dy * y * (1 - y)
    return da @ w.T, x.T @ da, da.sum(axis=0)  # dx, dw, db


dx, dw, db = backward(dy, cache)
print("dx", dx.shape, " dw", dw.shape, " db", db.shape)

# %% [markdown]
# ## 2. A derivative from numbers alone
#
# Is this right? The definition of a derivative needs no formula: move one number by a small **step** Δ, and see
# how L changes. We can move it to one side, or to both sides:
#
# $$
# \text{one-sided: } \frac{L(x_i + \Delta) - L(x_i)}{\Delta} \qquad\qquad
# \text{central: } \frac{L(x_i + \Delta) - L(x_i - \Delta)}{2\Delta}
# $$
#
# This is a **finite difference**. We compare both with `dx[0, 0]` for the steps 0.1, 0.001 and 0.00001.
#
# **Predict:** Which of the two is nearer to the formula? If the step becomes 100 times smaller, how many times
# smaller does each error become?


# %% tags=["hide-output"]
def loss(x):  # the casts do nothing here; below we call it with float32, too
    return np.sum(forward(x, w.astype(x.dtype), b.astype(x.dtype))[0] * dy.astype(x.dtype))


def moved(x, step):
    """x with its entry [0, 0] moved by step."""
    x = x.copy()
    x[0, 0] += step
    return x


for step in (1e-1, 1e-3, 1e-5):
    one_sided = (loss(moved(x, step)) - loss(x)) / step
    central = (loss(moved(x, step)) - loss(moved(x, -step))) / (2 * step)
    print(f"step {step:.0e}: error one-sided {abs(one_sided - dx[0, 0]):.1e}, central {abs(central - dx[0, 0]):.1e}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The central one. The one-sided error becomes 100 times smaller, the central one 100² = 10,000 times. The
# Taylor series shows why:
#
# $$
# L(x+\Delta) = L + \Delta L' + \tfrac{\Delta^2}{2}L'' + \tfrac{\Delta^3}{6}L''' + \dots
# $$
#
# In the one-sided difference the term with L″ stays, and after the division by Δ it leaves an error like Δ. In
# the central difference L(x − Δ) has the same term with L″, so it cancels. The term with L‴ stays, an error
# like Δ².
#
# </details>
#
# An error that shrinks with the step is called the **truncation error**: the difference cuts off the Taylor series.
# So a very small step should be best. We try steps from 1 down to 10⁻¹², in float64 (numbers with about 16 digits)
# and in float32 (about 7 digits).
#
# **Predict:** Where is the error of the central difference smallest in float64: at the smallest step, or near
# 10⁻⁹, 10⁻⁵ or 10⁻²? And how small can it become in float32?


# %%
def errors(dtype, central):
    """The error of the finite difference for many steps."""
    steps, found = 10.0 ** np.arange(-12, 0.01, 0.25), []
    for step in steps:
        up, down = loss(moved(x.astype(dtype), step)), loss(moved(x.astype(dtype), -step if central else 0))
        found.append(abs((float(up) - float(down)) / (2 * step if central else step) - dx[0, 0]))
    return steps, np.maximum(found, 1e-16)  # a logarithmic axis cannot show 0


curves = {
    "float64, central": errors(np.float64, central=True),
    "float64, one-sided": errors(np.float64, central=False),
    "float32, central": errors(np.float32, central=True),
}

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(8, 4))
    looks = ((BLUE, "-"), (GRAY, "--"), (ORANGE, "-."))
    for (label, (steps, found)), (color, line) in zip(curves.items(), looks, strict=True):
        axes.plot(steps, found, line, color=color, label=label)
    axes.set(xscale="log", yscale="log", xlabel="step Δ", ylabel="error of the finite difference")
    axes.set_title("Errors of finite differences, by the step")
    axes.legend(loc="lower left")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Near 10⁻⁵, where the error is some 10⁻¹¹. For smaller steps it grows again. L(x + Δ) and L(x − Δ) are stored
# with 16 digits and agree in most of them. Their difference keeps only the last few digits, and we divide it by
# a tiny number. This is **rounding**, an error of about 10⁻¹⁶/Δ. In float32 rounding begins at much larger
# steps. One can count on an error of some 10⁻⁵; a smaller one is luck. For Δ below 10⁻⁷ the line of float32 is
# flat: L(x + Δ) and L(x − Δ) are rounded to the same number. Their difference is exactly 0, and the error is the
# derivative itself, 0.35.
#
# </details>
#
# The best step balances both errors, Δ² against 10⁻¹⁶/Δ. So it lies near the cube root of 10⁻¹⁶, which is
# 5·10⁻⁶: we always take 10⁻⁵. In float32 a mistake of one part in 100,000 would hide in the rounding. So
# **check in float64**, even if the network trains in float32.
#
# Move the exponent of the step, and watch the digits that are left:


# %%
def at_step(exponent):
    step = 10.0**exponent
    up, down = loss(moved(x, step)), loss(moved(x, -step))
    print(f"L(x + Δ) = {up:.15f}\nL(x - Δ) = {down:.15f}")
    print(f"difference / 2Δ = {(up - down) / (2 * step):.12f}\nby the formula  = {dx[0, 0]:.12f}")


_ = interact(at_step, exponent=FloatSlider(value=-5, min=-14, max=0, step=0.5))

# %% [markdown]
# ## 3. A check
#
# Do this at every element of every argument, and compare. We measure an error as a share of the *largest* value
# of the gradient array:
#
# $$
# \text{error}_i = \frac{|dx_i - \text{numeric}_i|}{\max_j \max(|dx_j|,\, |\text{numeric}_j|)} \le 10^{-6}
# $$
#
# Why not as a share of each value itself? Suppose that most values of a gradient are near 1, and that one value is
# 0 in exact arithmetic. Because of rounding the backward pass returns 10⁻¹⁷ for it, and the finite difference
# 10⁻¹¹. As a share of the value itself this error is huge, but nothing is wrong.


# %%
def numeric_gradient(f, x, dy, step=1e-5):
    """∂(Σ f(x)·dy)/∂x by central differences, element by element."""
    numeric = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[index] = step
        numeric[index] = np.sum((f(x + move) - f(x - move)) * dy) / (2 * step)
    return numeric


def worst_error(dx, numeric):
    return np.abs(dx - numeric).max() / max(np.abs(dx).max(), np.abs(numeric).max())


numeric = numeric_gradient(lambda x: forward(x, w, b)[0], x, dy)
print("dx =\n", dx, "\nnumeric =\n", numeric, f"\nworst error {worst_error(dx, numeric):.1e}")
assert worst_error(dx, numeric) < 1e-6

# %% [markdown]
# The package's `check_gradients` does this for all arguments of a forward and a backward pass. They must keep
# the convention `y, cache = forward(...)` and `dx, ... = backward(dy, cache)`:

# %%
report = check_gradients(forward, backward, {"x": x, "w": w, "b": b})
print(report)
assert report

# %% [markdown]
# Its error for x is not the same number as ours above, because it draws another dy. Both are far below 10⁻⁶.
#
# What does the report say about a wrong backward pass? The next cell checks one. Its code is folded: keep it so
# until you have answered. Remember the shapes: x is (3, 4), w is (4, 2), b is (2,).
#
# **Predict:** Run the cell and read the report. What did the author of this backward pass do to dw?


# %% jupyter={"source_hidden": true} tags=["hide-input"]
def somebodys_backward(dy, cache):
    x, w, y = cache
    da = dy * y * (1 - y)
    return da @ w.T, x.T @ da / len(x), da.sum(axis=0)


print(check_gradients(forward, somebodys_backward, {"x": x, "w": w, "b": b}))

# %% [markdown]
# <details><summary>Answer</summary>
#
# The ratio is 1/3 at the worst element, and the hint says that it is the same everywhere. x has 3 rows. So the
# author divided by the number of rows, that is, took the mean over the batch where the chain rule asks for the
# sum: `x.T @ da / len(x)`. dx and db are right, so `da` is right too.
#
# </details>
#
# The numbers of a report are facts. Its hints describe the pattern of the error
# ([senet_np/gradcheck/hints.py](../senet_np/gradcheck/hints.py)); you have to find the cause yourself.
#
# ## 4. How checks fool you
#
# A check that passes proves something only if a wrong backward pass would have failed. This section shows eight
# traps. In each trap something is wrong, and we check it twice: with a weak check and with a stronger one. The
# list `results` keeps what both say, and section 6 prints it as a table.

# %%
results = []


def compare(trap, weak_passes, strong_passes):
    """Note whether a weak and a strong check let something wrong pass."""
    results.append((trap, weak_passes, strong_passes))
    weak, strong = ("lets it pass" if passes else "finds it" for passes in (weak_passes, strong_passes))
    print(f"{trap}: the weak check {weak}, the strong check {strong}")


# %% [markdown]
# **Trap 1: the choice of dy.** A function turns each row of positive numbers into shares: $y_i = x_i / T$, where
# $T = \sum_k x_k$ is the sum of the row. Its backward pass, for one row: $x_i$ stands in $y_i$ as the numerator,
# which gives $dy_i / T$. And it stands in T, that is, in every $y_k$ of the row. The derivative of $x_k/T$ with
# respect to T is $-x_k/T^2$. Together
#
# $$
# dx_i = \frac{dy_i}{T} - \sum_k dy_k\,\frac{x_k}{T^2}
# = \Big(dy_i - \frac{\sum_k dy_k\,x_k}{T}\Big) \Big/\, T .
# $$
#
# We multiply this by 3, so it is wrong. We check it twice: with a dy of ones, and with a random dy.
#
# **Predict:** How large is the true gradient of L = Σ y·dy if dy is all ones?


# %% tags=["hide-output"]
def shares(x):
    return x / x.sum(axis=1, keepdims=True)


def shares_backward_wrong(dy, x):
    total = x.sum(axis=1, keepdims=True)
    return 3 * (dy - (dy * x).sum(axis=1, keepdims=True) / total) / total  # 3 times too large


positive = rng.random((3, 4)) + 0.1
passes = {}
for name, upstream in (("ones", np.ones((3, 4))), ("random", rng.standard_normal((3, 4)))):
    numeric = numeric_gradient(shares, positive, upstream)
    passes[name] = np.allclose(shares_backward_wrong(upstream, positive), numeric, atol=1e-6)
    print(f"dy {name}: largest gradient {np.abs(numeric).max():.1e}")
compare("dy of ones", passes["ones"], passes["random"])

# %% [markdown]
# <details><summary>Answer</summary>
#
# It is 0. The shares of a row always add up to 1, so with ones L is the number of rows, whatever x is. Three
# times 0 is 0 too, so this check with an absolute tolerance passes for any factor, and one with a relative tolerance
# compares nothing but rounding. Two functions of later notebooks have the same property:
# softmax and batch norm.
#
# </details>
#
# **Trap 2: a few elements.** Mistakes often sit at borders: the first row, the last column, the second channel.
# Here a function takes the differences along each row, and its backward pass forgets the last element of each
# row. x is 4×100, so 4 of 400 elements of dx are wrong. A check looks at 5 elements, drawn at random.
#
# **Predict:** In how many percent of the trials does it miss the mistake?


# %% tags=["hide-output"]
def differences(x):
    return x[:, 1:] - x[:, :-1]


def differences_backward_wrong(dy):
    dx = np.zeros((dy.shape[0], dy.shape[1] + 1))
    dx[:, :-1] -= dy
    dx[:, 1:-1] += dy[:, :-1]  # the last one is forgotten
    return dx


wide, upstream = rng.standard_normal((4, 100)), rng.standard_normal((4, 99))
right = np.abs(differences_backward_wrong(upstream) - numeric_gradient(differences, wide, upstream)) < 1e-6
missed = np.mean([right.ravel()[rng.integers(400, size=5)].all() for _ in range(1000)])
print(f"{(~right).sum()} of {right.size} elements are wrong; 5 random ones miss them in {100 * missed:.0f} % of trials")
compare("a few elements", missed > 0.5, right.all())

# %% [markdown]
# <details><summary>Answer</summary>
#
# In about 95 %. One element is right with probability 0.99, and five are right with probability 0.99⁵ = 0.95.
#
# </details>
#
# **Trap 3: an absolute tolerance.** Deep in a network gradients can be small. `np.allclose` allows a difference
# of 10⁻⁸ (and a relative one of 10⁻⁵). Our dy is now so small that the gradient is of size 10⁻⁹. We replace it
# by wrong ones: by zeros, by 10 times itself, and by 100 times itself.
#
# **Predict:** Which of these three does `np.allclose` let pass?

# %% tags=["hide-output"]
tiny_dy = 1e-9 * dy
numeric = numeric_gradient(lambda x: forward(x, w, b)[0], x, tiny_dy)
for factor in (0, 10, 100):
    print(f"{factor:3} times the gradient: np.allclose says {np.allclose(factor * numeric, numeric)}")
zeros = np.zeros_like(x)
compare("absolute tolerance", np.allclose(zeros, numeric), worst_error(zeros, numeric) < 1e-6)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Zeros and 10 times the gradient: both differ from it by less than 10⁻⁸. Only the factor 100 is found. The check
# of section 3 finds all three, because it divides the difference by the largest value of the gradient.
#
# </details>
#
# **Trap 4: float32.** In float32 rounding disturbs the finite difference, and even the right backward pass shows
# an error. A tolerance must be above this error, or the check would reject right passes. We multiply the right dx
# by 1, by 1.00005 and by 1.004, and print the worst error of each in float32 (with a step of 10⁻², which is good
# there) and in float64.


# %%
def worst_error_of_dx(factor, dtype, step):
    x_, w_, b_, dy_ = (array.astype(dtype) for array in (x, w, b, dy))
    dx = backward(dy_, forward(x_, w_, b_)[1])[0] * dtype(factor)
    return worst_error(dx, numeric_gradient(lambda x: forward(x, w_, b_)[0], x_, dy_, dtype(step)))


for factor in (1, 1.00005, 1.004):
    in_32, in_64 = worst_error_of_dx(factor, np.float32, 1e-2), worst_error_of_dx(factor, np.float64, 1e-5)
    print(f"dx times {factor:<7}  worst error in float32 {in_32:.1e}, in float64 {in_64:.1e}")
weak = worst_error_of_dx(1.00005, np.float32, 1e-2) < 2e-4
compare("float32", weak, worst_error_of_dx(1.00005, np.float64, 1e-5) < 1e-6)

# %% [markdown]
# In float32 the right dx has an error of 4.5·10⁻⁵ here. With other random inputs it is up to 10⁻⁴ (measured with
# 200 seeds), so the tolerance must be above that; we took 2·10⁻⁴. Then the factor 1.00005 passes. Many people take
# 10⁻² to be safe, and so they miss the factor 1.004 too, which a tolerance of 10⁻³ would find. In float64 the
# error of the right dx is below 10⁻¹⁰. So a tolerance of 10⁻⁶ is possible there, and it finds both.

# %% [markdown]
# **Trap 5: the size of the batch.** For y = x w the right dw is `x.T @ dy`, a sum over the rows of the batch. The
# author of `somebodys_linear_backward` computes it in another way.
#
# **Predict:** We check it with a batch of one row and with a batch of three rows. Which check finds the mistake?


# %% tags=["hide-output"]
def linear(x, w):
    return x @ w, (x, w)


def somebodys_linear_backward(dy, cache):
    x, w = cache
    return dy @ w.T, np.outer(x[0], dy[0])


passes = {}
for n in (1, 3):
    inputs = {"x": rng.standard_normal((n, 4)), "w": rng.standard_normal((4, 2))}
    passes[n] = bool(check_gradients(linear, somebodys_linear_backward, inputs))
    print(f"rows of the batch: {n}; the check {'passes' if passes[n] else 'fails'}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only the one with three rows. `np.outer(x[0], dy[0])` is the first row's part of the sum, alone. In a batch of one
# row it is the whole sum, so dw is right. Axes of size
# 1 hide many mistakes: a forgotten sum, a forgotten division, two axes that are exchanged.
#
# </details>

# %%
compare("a batch of one", passes[1], passes[3])

# %% [markdown]
# **Trap 6: inputs that are too simple.** Inputs hide mistakes if they are all equal, all positive, symmetric, or
# zero. A ReLU, max(x, 0), passes a gradient only where x > 0. The array `x > 0` is called its **mask**. A backward pass without the mask is right for positive inputs.


# %%
def relu(x):
    return np.maximum(x, 0), x > 0


def without_the_mask(dy, mask):
    return dy


weak, strong = (bool(check_gradients(relu, without_the_mask, [a])) for a in (positive, rng.standard_normal((3, 4))))
compare("simple inputs", weak, strong)

# %% [markdown]
# **Trap 7: memory.** To save memory, the author of `in_place` writes da into the array dy that the function was
# given. In an SE block two branches share one such array: the second branch reads it after the first.
#
# **Predict:** Which of the three gradients that `in_place` returns are wrong: dx, dw, db, or none?


# %% tags=["hide-output"]
def in_place(dy, cache):
    x, w, y = cache
    dy *= y * (1 - y)  # saves an array
    return dy @ w.T, x.T @ dy, dy.sum(axis=0)


y, cache = forward(x, w, b)
given = dy.copy()
for name, wrong, right in zip(("dx", "dw", "db"), in_place(given, cache), backward(dy, cache), strict=True):
    print(f"{name}: worst error {worst_error(wrong, right):.0e}")
print("dy before:", dy[0], " and after:", given[0])

# %% [markdown]
# <details><summary>Answer</summary>
#
# None. All three are right, so a check that compares only gradients lets it pass. But dy has other numbers now,
# and whoever uses it next gets a wrong gradient. A check has to compare its inputs before and after.
#
# </details>

# %%
weak = worst_error(in_place(dy.copy(), cache)[0], numeric_gradient(lambda x: forward(x, w, b)[0], x, dy)) < 1e-6
try:
    strong = bool(check_gradients(forward, in_place, {"x": x, "w": w, "b": b}))
except ValueError as error:
    strong = False
    print("ValueError:", error)
compare("writes into dy", weak, strong)

# %% [markdown]
# **Trap 8: the axes.** `channel_means` is to return the mean of each map over rows and columns, the axes 1 and 2
# of (N, H, W, C). Its author writes `axis=(0, 1)`, in the forward pass and in the backward pass. For u of shape
# (3, 3, 3, 5) the result has the right shape, (3, 5).
#
# **Predict:** Does `check_gradients` find this mistake? If not, what would?


# %% tags=["hide-output"]
def channel_means(u):
    return u.mean(axis=(0, 1)), u.shape


def channel_means_backward(dz, shape):
    return np.broadcast_to(dz[None, None] / (shape[0] * shape[1]), shape)


u = rng.standard_normal((3, 3, 3, 5))
report = check_gradients(channel_means, channel_means_backward, [u])
print(report)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. A gradient check compares a backward pass with *its own* forward pass. Here the two agree: it is the right
# gradient of a wrong function. No gradient check will ever find this. A second, independent forward pass does:
# loops, a worked example, another library.
#
# </details>

# %%
loops = np.array([[u[n, :, :, c].sum() / 9 for c in range(5)] for n in range(3)])
compare("a wrong forward pass", bool(report), np.allclose(channel_means(u)[0], loops))

# %% [markdown]
# ## 5. Kinks
#
# There is also the opposite mistake of a check: a *right* backward pass fails. ReLU has a kink at 0: its slope
# is 0 on the left and 1 on the right.
#
# **Predict:** What is the central difference of ReLU at x = 0, at x = Δ/2, and at x = 2Δ?

# %% tags=["hide-output"]
step = 1e-5
for at in (0.0, step / 2, 2 * step):
    numeric = (max(at + step, 0) - max(at - step, 0)) / (2 * step)
    print(f"x = {at / step:3.1f} Δ: numeric {numeric:.2f}, backward pass {float(at > 0):.0f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# 0.5, 0.75 and 1. If x − Δ and x + Δ lie on different sides of the kink, the central difference mixes both
# slopes. Only the third agrees with the backward pass.
#
# </details>
#
# Among a hundred thousand inputs, one easily lies that close to 0. A loose tolerance is not the solution: it would
# hide mistakes too. `check_gradients` compares the masks in the cache before and after each step. If a step
# changes one, it raises an error and asks for other inputs:

# %%
near = np.array([[1.0, -2.0, 0.5 * step, 3.0]])
try:
    check_gradients(relu, lambda dy, mask: dy * mask, [near])
except KinkError as error:
    print("KinkError:", error)

# %% [markdown]
# ## 6. All results, and the rules
#
# Eight wrong passes, each with a weak and a strong check:

# %%
print(f"{'trap':22} {'weak check':14} strong check")
for trap, weak, strong in results:
    print(f"{trap:22} {'lets it pass' if weak else 'finds it':14} {'lets it pass' if strong else 'finds it'}")
assert all(weak and not strong for _, weak, strong in results)

# %% [markdown]
# | rule | against |
# |---|---|
# | a random dy | trap 1 |
# | every element of every argument | trap 2 |
# | the error as a share of the array's largest value, at most 10⁻⁶ | trap 3 |
# | float64, central differences, step 10⁻⁵ | trap 4 |
# | sizes that all differ and are not 1 | trap 5 |
# | random inputs of both signs | trap 6 |
# | compare the inputs before and after | trap 7 |
# | a second forward pass, written with loops | trap 8 |
# | watch the masks for kinks | false alarms |
#
# The last rule is: **test the check itself.** The package puts bugs into its own backward passes, dozens of
# them, and demands that its check finds each: `python -m senet_np gradcheck --bugs`.
#
# See it move: `python -m senet_np explorer bundled` writes `explorer.html`. Its tab Backward has five bugs to
# switch on.
#
# ## In five sentences
#
# 1. A backward pass gets dy, the gradient of the loss with respect to its output, and returns the same for each
#    of its inputs.
# 2. A central difference, (L(x + Δ) − L(x − Δ)) / 2Δ, gives the same derivative from numbers alone, and with Δ
#    = 10⁻⁵ in float64 it is right to about ten digits.
# 3. A larger step cuts the Taylor series off too early, and a smaller step leaves only rounding.
# 4. A check proves something only if a wrong backward pass would have failed it: random dy, every element,
#    random inputs, sizes that all differ, and errors as a share of the largest value.
# 5. No gradient check sees a wrong forward pass, so compare that with a second one.

# %% [markdown]
# ## Exercises
#
# Replace the `...` and run the cell: it says whether your answer is right, and if not, what to look at.

# %% [markdown]
# ### Exercise 2.1 · Softsign
#
# Write the forward and backward pass of $y = x / (1 + |x|)$, for arrays of any shape. `softsign` returns y and
# a cache, `softsign_backward` returns dx. Check them with `check_gradients` at random inputs. What is the derivative at
# x = 0?
#
# <details><summary>Hint for the formula</summary>
#
# Treat x > 0 and x < 0 separately: differentiate both by the quotient rule. Can you write both results as one
# formula?
#
# </details>
#
# <details><summary>Hint for the kink</summary>
#
# Is the derivative from the left of 0 equal to the one from the right?
#
# </details>


# %%
def softsign(x):
    """y = x / (1 + |x|), and a cache."""
    ...


def softsign_backward(dy, cache):
    """dx."""
    ...


check("2.1", softsign, softsign_backward)

# %% [markdown]
# ### Exercise 2.2 · A dy that hides a mistake
#
# A function subtracts from each row its mean: $y[n,d] = x[n,d] - \frac1D\sum_k x[n,k]$. Derive dx and write the
# backward pass (it needs no cache).
#
# A lazy author returns dy itself as dx. Give a dy of shape (3, 4), not zero everywhere, for which the lazy
# backward pass is right. (An error of up to 10⁻⁶ of a row's largest number is fine.)
#
# <details><summary>Hint for the backward pass</summary>
#
# Where does `x[n, k]` stand? In `y[n, k]` with the factor 1, and in every y of the row with the factor −1/D.
# Multiply by dy, and sum.
#
# </details>
#
# <details><summary>Hint for dy</summary>
#
# Write down what the lazy author leaves out. For which dy is it 0?
#
# </details>


# %%
def center_backward(dy, cache):
    """dx of y = x - (mean of the row); dy is (N, D)."""
    ...


hiding_dy = ...  # (3, 4)
check("2.2", center_backward, hiding_dy)

# %% [markdown]
# ### Exercise 2.3 · A test that finds the bug
#
# The pair in the next cell returns one number for each row of x: $y[n] = \sum_{i,j} x[n,i]\,w[i,j]\,x[n,j]$. It
# passes its test. But it is wrong. Give a matrix `w_test`, (4, 4), with which the same test fails. Then write a
# backward pass that is right.
#
# <details><summary>Hint</summary>
#
# Which rule of section 6 does the test break? What is special about `np.eye(4)`?
#
# </details>
#
# <details><summary>Hint for the backward pass</summary>
#
# `x[n, k]` stands in the sum twice: as the left factor (i = k) and as the right factor (j = k). Write down both
# sums.
#
# </details>


# %%
def quadratic(x, w):
    return ((x @ w) * x).sum(axis=1), (x, w)


def quadratic_backward(dy, cache):
    x, w = cache
    dy = dy[:, None]  # (N, 1)
    return dy * 2 * (x @ w), (dy * x).T @ x  # dx, dw


print(check_gradients(quadratic, quadratic_backward, {"x": rng.standard_normal((3, 4)), "w": np.eye(4)}))
w_test = ...


def quadratic_backward_right(dy, cache):
    """dx, dw."""
    ...


check("2.3", w_test, quadratic_backward_right)

# %% [markdown]
# ### Exercise 2.4 · Where is the best step?
#
# In section 2 the best step was near 10⁻⁵. Does it move if L is a thousand times as large? Or if x is near a
# million? Take L = sin(x): its derivative cos(x) is known. Single errors jump because of rounding, so take the
# mean error of the central difference over the 100 values `np.linspace(1, 2, 100)`.
#
# Find the power of ten k with the smallest mean error, for steps 10ᵏ with k = −10 … −1, in three cases: L =
# sin(x); L = 1000 sin(x); and L = sin(x) at the values 1,000,000 + `np.linspace(1, 2, 100)`. Guess first:
# smaller, the same, or larger?
#
# <details><summary>Hint</summary>
#
# Write `mean_error(f, derivative, xs, step)` and print it for all k. To understand the third case, print
# `np.spacing(1e6)`: the distance from a million to the next number of float64.
#
# </details>

# %%
k_plain = ...  # the best step is 10**k_plain
k_large_loss = ...
k_large_x = ...
check("2.4", k_plain, k_large_loss, k_large_x)

# %% [markdown]
# ### Exercise 2.5 · Your own check
#
# Write `my_check(forward, backward, x)` for functions of one array: `y, cache = forward(x)` and
# `dx = backward(dy, cache)`. It returns True if the backward pass is right, and False if it is wrong. Your
# check may use `numeric_gradient` and `worst_error`, but not `check_gradients`. We try it on right passes, and
# on wrong ones that fall into the traps 1, 2, 3 and 7.
#
# <details><summary>Hint</summary>
#
# You need: a dy (which?), the numeric gradient with this dy, and the worst error. For trap 7, give x itself to
# `forward` and dy itself to `backward`. Keep a copy of each, and compare afterwards.
#
# </details>


# %%
def my_check(forward, backward, x):
    """True if backward is the derivative of forward at x and changes neither x nor dy."""
    ...


check("2.5", my_check)

# %% [markdown]
# Solutions: [solutions/02_gradients.ipynb](solutions/02_gradients.ipynb), after you have tried.
#
# **Read next:** [senet_np/gradcheck/check.py](../senet_np/gradcheck/check.py), the package's check;
# [docs/testing.md](../docs/testing.md), how all its passes are proved. Then notebook 3.
