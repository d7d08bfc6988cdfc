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
# # Solutions to notebook 2

# %%
import numpy as np

from senet_np.gradcheck import check_gradients

rng = np.random.default_rng(0)

# %% [markdown]
# **1.** For x > 0, $y = x/(1+x)$ and $y' = 1/(1+x)^2$; for x < 0, $y = x/(1-x)$ and $y' = 1/(1-x)^2$.
# Together $y' = 1/(1+|x|)^2$. At 0 both are 1, so there is no kink: the derivative exists and is
# continuous. But the *second* derivative jumps from 2 to −2 there, so the next term of Taylor's series does
# not cancel, and the central difference is off by about h. At exactly 0 a step of 1e-5 is too coarse for a
# tolerance of 1e-6; a step of 1e-7 is not.


# %%
def softsign(x):
    return x / (1 + np.abs(x)), x


def softsign_backward(dy, x):
    return dy / (1 + np.abs(x)) ** 2


report = check_gradients(softsign, softsign_backward, [rng.standard_normal((3, 4))])
print(report)
assert report

at_zero = np.array([[0.0, -1.0, 2.0]])
for step in (1e-5, 1e-7):
    report = check_gradients(softsign, softsign_backward, [at_zero], step=step)
    print(f"at 0, step {step:.0e}: worst error {report.worst:.1e}")
assert report


# %% [markdown]
# **2.** $x[n,k]$ stands in $y[n,k]$ with the factor 1, and in every y of the row with −1/D. So $dx[n,k] =
# dy[n,k] - \frac1D\sum_d dy[n,d]$: the same operation. A dy whose rows sum to 0 hides a backward pass that
# returns dy itself. (Ones hide another one: there the right answer is 0, and whatever is proportional to
# it.)


# %%
def center(x):
    return x - x.mean(axis=1, keepdims=True), None


def center_backward(dy, _):
    return dy - dy.mean(axis=1, keepdims=True)


x = rng.standard_normal((3, 4))
assert check_gradients(center, center_backward, [x])
assert not check_gradients(center, lambda dy, _: dy, [x])
hiding = center(rng.standard_normal((3, 4)))[0]  # rows sum to 0
assert np.allclose(center_backward(hiding, None), hiding)

# %% [markdown]
# **3.** dx must be `dy @ w.T`. The test's w is the unit matrix, square and equal to its transpose: "sizes
# that all differ, random inputs". With a symmetric w, and a square one, it would pass too; with another
# square one it fails, and with any other shape it does not run.


# %%
def forward(x, w):
    return x @ w, (x, w)


def backward(dy, cache):
    x, w = cache
    return dy @ w, x.T @ dy


x = rng.standard_normal((3, 4))
assert check_gradients(forward, backward, {"x": x, "w": np.eye(4)})
report = check_gradients(forward, backward, {"x": x, "w": rng.standard_normal((4, 4))})
print(report)
assert not report


# %% [markdown]
# **4.** A thousand times L multiplies truncation *and* rounding by a thousand, and the derivative too: the
# V moves up and keeps its best step. With x near 1000, x + h is rounded to a spacing of 1e-13 in place of
# 1e-16, so the step that is really taken differs from h by up to that much: small steps get worse, and the
# best step is larger.


# %%
def best_step(f, derivative, x):
    steps = 10.0 ** np.arange(-10, 0.01, 0.1)
    found = [abs((f(x + h) - f(x - h)) / (2 * h) - derivative(x)) for h in steps]
    smooth = np.convolve(np.log(np.maximum(found, 1e-30)), np.ones(9) / 9, "same")  # rounding is noisy
    return steps[4 + smooth[4:-4].argmin()]


plain = best_step(np.sin, np.cos, 1.0)
larger = best_step(lambda x: 1000 * np.sin(x), lambda x: 1000 * np.cos(x), 1.0)
far = best_step(np.sin, np.cos, 1000.0)
print(f"best step near x = 1: {plain:.0e}, for 1000·f: {larger:.0e}, near x = 1000: {far:.0e}")
assert 0.1 < plain / larger < 10
assert far > 3 * plain
