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
# **Afterwards you can** write a backward pass from a chain of derivatives, check it by finite differences,
# choose the step, and judge whether a gradient check that passed has proved anything.
#
# **You need** NumPy arrays, derivatives and the chain rule. **Time:** 50 minutes.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact

from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.gradcheck import check_gradients

np.set_printoptions(precision=4, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. What is the gradient of a function that returns many numbers?
#
# A layer takes an array x and returns an array y. Every y depends on every x, so there is a whole matrix of
# derivatives. Training never needs it. At the end of the net stands one number L, the loss, and what a
# layer is given is
#
# $$
# dy = \frac{\partial L}{\partial y},\qquad\text{as large as } y,\qquad\text{and what it must return is}\qquad
# dx_i = \frac{\partial L}{\partial x_i} = \sum_k dy_k\,\frac{\partial y_k}{\partial x_i}.
# $$
#
# Now a trick that the rest of this notebook rests on. Whatever the net behind the layer is, near this x it
# acts like $L = \sum_k y_k\,dy_k$ with dy held fixed. So to test a layer *alone*, draw any dy, and use that
# L.
#
# Our example: an affine map and a sigmoid, which is half of an SE block's excitation.


# %%
def forward(x, w, b):
    a = x @ w + b  # (N, M)
    y = 1 / (1 + np.exp(-a))
    return y, (x, w, y)


x, w, b = rng.standard_normal((3, 4)), rng.standard_normal((4, 2)), rng.standard_normal(2)
y, cache = forward(x, w, b)
dy = rng.standard_normal(y.shape)
print("y =\n", y, "\ndy, made up =\n", dy, "\nL = Σ y·dy =", np.sum(y * dy))

# %% [markdown]
# Backwards, step by step; each line is the derivative of one line of the forward pass:
#
# $$
# \begin{aligned}
# y &= \sigma(a): & da &= dy \cdot y\,(1-y) &&\text{since } \sigma' = \sigma(1-\sigma)\\
# a[n,m] &= \textstyle\sum_d x[n,d]\,w[d,m] + b[m]: & db[m] &= \textstyle\sum_n da[n,m] &&\text{b is in every row}\\
# & & dw[d,m] &= \textstyle\sum_n x[n,d]\,da[n,m] &&= x^\top da\\
# & & dx[n,d] &= \textstyle\sum_m da[n,m]\,w[d,m] &&= da\,w^\top
# \end{aligned}
# $$


# %%
def backward(dy, cache):
    x, w, y = cache
    da = dy * y * (1 - y)
    return da @ w.T, x.T @ da, da.sum(axis=0)  # dx, dw, db


dx, dw, db = backward(dy, cache)
print("dx", dx.shape, " dw", dw.shape, " db", db.shape, " each of the shape of what it belongs to")

# %% [markdown]
# ## 2. A derivative from numbers alone
#
# Is that right? The definition of a derivative needs no formula: move one number by a little h, and see how
# L changes. One-sided, or from both sides:
#
# $$
# \frac{L(x_i + h) - L(x_i)}{h} \qquad\text{or}\qquad \frac{L(x_i + h) - L(x_i - h)}{2h}
# $$
#
# *Predict: which is nearer to the truth for the same h, and by how much? And is a smaller h always better?*


# %%
def loss(x):
    return np.sum(forward(x, w.astype(x.dtype), b.astype(x.dtype))[0] * dy.astype(x.dtype))


def moved(x, h):
    """x with its entry [0, 0] moved by h."""
    x = x.copy()
    x[0, 0] += h
    return x


for h in (1e-1, 1e-3, 1e-5):
    one_sided = (loss(moved(x, h)) - loss(x)) / h
    central = (loss(moved(x, h)) - loss(moved(x, -h))) / (2 * h)
    print(f"h = {h:.0e}: one-sided off by {abs(one_sided - dx[0, 0]):.1e}, central by {abs(central - dx[0, 0]):.1e}")

# %% [markdown]
# Taylor's series shows why. $L(x+h) = L + hL' + \tfrac{h^2}{2}L'' + \tfrac{h^3}{6}L''' + \dots$ One-sided, the $L''$
# term stays: an error like h. From both sides it cancels, and what stays is like h². That is
# **truncation**.
#
# But numbers have about 16 digits, 7 in float32. L(x+h) and L(x−h) agree in most of their digits, and what
# is left of their difference is divided by a tiny h. That is **rounding**, an error like ε/h.


# %%
def errors(dtype, central):
    steps = 10.0 ** np.arange(-12, 0.01, 0.25)
    found = []
    for h in steps:
        up, down = loss(moved(x.astype(dtype), h)), loss(moved(x.astype(dtype), -h if central else 0))
        found.append(abs((float(up) - float(down)) / (2 * h if central else h) - dx[0, 0]))
    return steps, np.maximum(found, 1e-16)


with style():
    figure, axes = plt.subplots(figsize=(8, 4))
    for label, dtype, central, color, line in (
        ("float64, central", np.float64, True, BLUE, "-"),
        ("float64, one-sided", np.float64, False, GRAY, "--"),
        ("float32, central", np.float32, True, ORANGE, "-."),
    ):
        steps, found = errors(dtype, central)
        axes.plot(steps, found, line, color=color, label=label)
    axes.axvline(1e-5, color=GRAY, linewidth=0.8)
    axes.annotate("h = 1e-5", (1e-5, 1e-1), (5, 0), textcoords="offset points", color=GRAY)
    axes.set(xscale="log", yscale="log", xlabel="step h", ylabel="error of the finite difference")
    axes.set_title("Too large a step truncates, too small a step rounds; float32 never gets far")
    axes.legend(loc="lower left")
    plt.show()

# %% [markdown]
# The best step for central differences is near the cube root of ε: about 1e-5 in float64, where the error
# is some 1e-10. In float32 the best one can count on is some 1e-5, at a step that is not known beforehand,
# and a mistake of that size would hide. **Check in float64**, even if the net trains in float32.
#
# Move the step (as a power of ten) and see both sides' values:


# %%
def at_step(exponent):
    h = 10.0**exponent
    up, down = loss(moved(x, h)), loss(moved(x, -h))
    print(f"L(x+h) = {up:.15f}\nL(x-h) = {down:.15f}")
    print(f"difference / 2h = {(up - down) / (2 * h):.12f}\nby the formula  = {dx[0, 0]:.12f}")


_ = interact(at_step, exponent=FloatSlider(value=-5, min=-14, max=0, step=0.5))

# %% [markdown]
# ## 3. A check
#
# Do it at every element of every argument, and compare. The error is taken as a share of the *largest*
# value of the gradient array:
#
# $$
# \text{error}_i = \frac{|dx_i - \text{numeric}_i|}{\max_j \max(|dx_j|, |\text{numeric}_j|)} \le 10^{-6}
# $$
#
# Why not of each value itself? A gradient of 1e-12 beside others of 1 is nothing but rounding; its own
# relative error may be anything and means nothing.


# %%
def numeric_gradient(f, x, dy, h=1e-5):
    """∂(Σ f(x)·dy)/∂x, element by element."""
    numeric = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        numeric[index] = np.sum((f(x + step) - f(x - step)) * dy) / (2 * h)
    return numeric


def worst_error(dx, numeric):
    return np.abs(dx - numeric).max() / max(np.abs(dx).max(), np.abs(numeric).max())


numeric = numeric_gradient(lambda x: forward(x, w, b)[0], x, dy)
print("dx =\n", dx, "\nnumeric =\n", numeric, f"\nworst error {worst_error(dx, numeric):.1e}")
assert worst_error(dx, numeric) < 1e-6

# %% [markdown]
# The library's `check_gradients` does this for all arguments of a forward and a backward pass that keep the
# convention `y, cache = forward(...)` and `dx, ... = backward(dy, cache)`:

# %%
report = check_gradients(forward, backward, {"x": x, "w": w, "b": b})
print(report)
assert report

# %% [markdown]
# And what does it report for a wrong one? *Find out what is wrong with dw here, from the message alone.*


# %%
def wrong_backward(dy, cache):
    x, w, y = cache
    da = dy * y * (1 - y)
    return da @ w.T, x.T @ da / len(x), da.sum(axis=0)


print(check_gradients(forward, wrong_backward, {"x": x, "w": w, "b": b}))

# %% [markdown]
# The hints are guesses from the pattern of the error ([senet_np/gradcheck/hints.py](../senet_np/gradcheck/hints.py)); the
# numbers are not.
#
# ## 4. How checks fool you
#
# A check that passes proves something only if a wrong backward pass would have failed. Each of the
# following weak checks lets a *wrong* backward pass through. We keep score.

# %%
score = []


def verdict(trap, weak_passes, strong_passes):
    """Whether a weak and a strong check let a wrong backward pass through."""
    score.append((trap, weak_passes, strong_passes))
    print(f"{trap}: the weak check {'PASSES it' if weak_passes else 'finds it'},", end=" ")
    print(f"the strong one {'PASSES it' if strong_passes else 'finds it'}")
    assert weak_passes
    assert not strong_passes


# %% [markdown]
# **Trap 1: an upstream gradient of ones.** Softmax has outputs that sum to 1. *Predict: what is
# $\partial(\sum_k y_k)/\partial x$? And so, if dy is all ones, which backward passes are "right"?*


# %%
def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_backward_wrong(dy, y):
    return 3 * y * (dy - (y * dy).sum(axis=1, keepdims=True))  # three times too large


y = softmax(x)
passes = {}
for name, upstream in (("ones", np.ones_like(y)), ("random", rng.standard_normal(y.shape))):
    numeric = numeric_gradient(softmax, x, upstream)
    passes[name] = np.allclose(softmax_backward_wrong(upstream, y), numeric, atol=1e-6)
    print(f"dy {name}: largest gradient {np.abs(numeric).max():.1e}")
verdict("ones", passes["ones"], passes["random"])

# %% [markdown]
# With ones every gradient is 0, and so is three times every gradient. Batch norm's output sums to a
# constant as well.
#
# **Trap 2: a few elements.** The padding of a convolution, the last row, the second channel: mistakes like
# to sit at borders. Here a difference along a row whose last element is forgotten. *Predict how often a
# check of 5 random elements of 400 finds it.*


# %%
def differences(x):
    return x[:, 1:] - x[:, :-1]


def differences_backward_wrong(dy):
    dx = np.zeros((dy.shape[0], dy.shape[1] + 1))
    dx[:, :-1] -= dy
    dx[:, 1:-1] += dy[:, :-1]  # the last one is forgotten
    return dx


wide = rng.standard_normal((4, 100))
upstream = rng.standard_normal((4, 99))
right = np.abs(differences_backward_wrong(upstream) - numeric_gradient(differences, wide, upstream)) < 1e-6
trials = np.array([right.ravel()[rng.integers(400, size=5)].all() for _ in range(1000)])
print(
    f"{(~right).sum()} of {right.size} elements are wrong; 5 random ones miss them in {100 * trials.mean():.0f} % of trials"
)
verdict("a few elements", trials.mean() > 0.9, right.all())

# %% [markdown]
# **Trap 3: an absolute tolerance.** Deep in a net gradients are small. *Predict what `np.allclose` returns for
# a gradient of zeros in place of one of 1e-9.*

# %%
tiny_dy = 1e-9 * dy
numeric = numeric_gradient(lambda x: forward(x, w, b)[0], x, tiny_dy)
zeros = np.zeros_like(x)
verdict("absolute tolerance", np.allclose(zeros, numeric), worst_error(zeros, numeric) < 1e-6)

# %% [markdown]
# **Trap 4: float32 and a tolerance to match.** Rounding forces a tolerance of a percent; and then a percent
# is what a mistake may have.


# %%
def slightly_wrong(dy, cache):
    x, w, y = cache
    return (dy * y * (1 - y)) @ w.T * 1.004  # a constant typed in with a digit wrong


x32, w32, b32, dy32 = (array.astype(np.float32) for array in (x, w, b, dy))
numeric32 = numeric_gradient(lambda x: forward(x, w32, b32)[0], x32, dy32, np.float32(1e-2))
weak = worst_error(slightly_wrong(dy32, forward(x32, w32, b32)[1]), numeric32) < 1e-2
verdict("float32", weak, bool(check_gradients(forward, slightly_wrong, {"x": x, "w": w, "b": b}, wrt="x")))

# %% [markdown]
# **Trap 5: square shapes and batches of one.** A product with `w` where `w.T` is needed does not even run,
# unless w is square. A sum over the batch that is forgotten is no mistake if there is only one image.


# %%
def linear(x, w):
    return x @ w, (x, w)


def without_the_sum(dy, cache):
    x, w = cache
    return dy @ w.T, np.outer(x[0], dy[0])  # dw from the first image alone


one, three = ({"x": rng.standard_normal((n, 4)), "w": rng.standard_normal((4, 2))} for n in (1, 3))
verdict(
    "a batch of one",
    bool(check_gradients(linear, without_the_sum, one)),
    bool(check_gradients(linear, without_the_sum, three)),
)

# %% [markdown]
# **Trap 6: inputs that are too nice.** All equal, all positive, symmetric, zero. *Predict for a ReLU whose
# backward pass has forgotten the mask, on positive inputs.*


# %%
def relu(x):
    return np.maximum(x, 0), x > 0


def without_the_mask(dy, mask):
    return dy


positive = rng.random((3, 4)) + 0.1
verdict(
    "nice inputs",
    bool(check_gradients(relu, without_the_mask, [positive])),
    bool(check_gradients(relu, without_the_mask, [rng.standard_normal((3, 4))])),
)

# %% [markdown]
# **Trap 7: the check changes what it checks.** A backward pass that writes into dy, or a forward pass that
# writes into x, may give the right numbers, and spoil those of whoever uses the array next: in an SE block
# U goes two ways. Comparing numbers does not see it; comparing the inputs before and after does.


# %%
def in_place(dy, cache):
    x, w, y = cache
    dy *= y * (1 - y)  # saves an array
    return dy @ w.T, x.T @ dy, dy.sum(axis=0)


y, cache = forward(x, w, b)
numeric = numeric_gradient(lambda x: forward(x, w, b)[0], x, dy)
weak = worst_error(in_place(dy.copy(), cache)[0], numeric) < 1e-6
try:
    strong = bool(check_gradients(forward, in_place, {"x": x, "w": w, "b": b}))
except ValueError as error:
    strong = False
    print("ValueError:", error)
verdict("in place", weak, strong)

# %% [markdown]
# **Trap 8: the right gradient of a wrong function.** A check compares a backward pass with *its own*
# forward pass. Here both agree, and both are wrong: a mean over the batch where one over positions was
# wanted. No gradient check will ever find this. What does: a second, independent forward pass (loops, a
# paper's worked example, another library).


# %%
def squeeze(u):
    return u.mean(axis=(0, 1)), u.shape  # meant: axes 1 and 2 of (N, H, W, C)


def squeeze_backward(dz, shape):
    return np.broadcast_to(dz[None, None] / (shape[0] * shape[1]), shape)


u = rng.standard_normal((3, 3, 3, 5))
loops = np.array([[u[n, :, :, c].sum() / 9 for c in range(5)] for n in range(3)])
verdict("wrong forward", bool(check_gradients(squeeze, squeeze_backward, [u])), np.allclose(squeeze(u)[0], loops))

# %% [markdown]
# ## 5. Kinks
#
# One more way to be fooled, the other way round: a *right* backward pass fails. ReLU has no derivative at
# 0. If a step of ±h crosses 0, the central difference is a mixture of both slopes. *Predict the numeric
# derivative of ReLU at x = 0, and at x = h/2.*

# %%
h = 1e-5
for at in (0.0, h / 2, 2 * h):
    numeric = (max(at + h, 0) - max(at - h, 0)) / (2 * h)
    print(f"x = {at / h:3.1f} h: numeric {numeric:.2f}, backward pass {float(at > 0):.0f}")

# %% [markdown]
# With thousands of inputs one will lie that close to 0. A loose tolerance is no answer. `check_gradients`
# watches the masks and winners in the cache, and if a step changes one of them it refuses:

# %%
from senet_np.gradcheck import KinkError

near = np.array([[1.0, -2.0, 0.5 * h, 3.0]])
try:
    check_gradients(relu, lambda dy, mask: dy * mask, [near])
except KinkError as error:
    print("KinkError:", error)

# %% [markdown]
# ## 6. The score, and the rules
#
# Eight wrong backward (or forward) passes:

# %%
print(f"{'trap':22} {'weak check':12} strong check")
for trap, weak, strong in score:
    print(f"{trap:22} {'passes' if weak else 'fails':12} {'passes' if strong else 'fails'}")

# %% [markdown]
# | rule | against |
# |---|---|
# | a random dy | ones |
# | every element of every argument | a few elements |
# | error as a share of the array's largest value, 1e-6 | absolute tolerances |
# | float64, central differences, h = 1e-5 | float32 |
# | sizes that all differ and are not 1; random inputs of both signs | nice inputs |
# | inputs compared before and after | writing in place |
# | a forward pass of loops beside it | a wrong forward pass |
# | masks watched for kinks | false alarms |
#
# And the last rule: **test the check.** The package injects bugs into its own backward passes, dozens of
# them, and demands that each is caught: `python -m senet_np gradcheck --bugs`.
#
# ## Try it
#
# 1. Write forward and backward of $y = x / (1 + |x|)$ and check them. Is there a kink?
#
#    <details><summary>Hint</summary>
#
#    The derivative from the left of 0 and from the right: are they equal?
#
#    </details>
#
# 2. Subtracting the mean of each row, $y[n,d] = x[n,d] - \frac1D\sum_k x[n,k]$: derive dx. Which dy hides a
#    backward pass that returns dy itself?
#
#    <details><summary>Hint</summary>
#
#    dx = dy − (its mean over the row). When is that dy?
#
#    </details>
#
# 3. *Spot the bug.* This pair passes the test below. It is wrong. What is it, and which rule was broken?
#
#    ```python
#    def forward(x, w):
#        return x @ w, (x, w)
#
#    def backward(dy, cache):
#        x, w = cache
#        return dy @ w, x.T @ dy
#
#    w = np.eye(4)
#    assert check_gradients(forward, backward, {"x": rng.standard_normal((3, 4)), "w": w})
#    ```
#
#    <details><summary>Hint</summary>
#
#    Which other matrix is equal to its transpose?
#
#    </details>
#
# 4. In the V-shaped figure, where would the best step lie if L were a thousand times as large? And if x
#    were near 1000 in place of 1? Predict, then change `loss` and `x`.
#
#    <details><summary>Hint</summary>
#
#    Rounding grows with L; so does truncation. But x + h has to be a number of its own.
#
#    </details>
#
# Solutions: [solutions/02_gradients.ipynb](solutions/02_gradients.ipynb)
#
# **Read next:** [senet_np/gradcheck/check.py](../senet_np/gradcheck/check.py); [docs/testing.md](../docs/testing.md),
# how all passes of the library are proved; then notebook 3.
