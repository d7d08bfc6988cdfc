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

from senet_np.exercises import check
from senet_np.gradcheck import check_gradients

rng = np.random.default_rng(0)

# %% [markdown]
# **2.1** For x > 0, $y = x/(1+x)$ and $y' = 1/(1+x)^2$; for x < 0, $y = x/(1-x)$ and $y' = 1/(1-x)^2$. Together
# $y' = 1/(1+|x|)^2$. At 0 both are 1, so there is no kink: the derivative exists and is continuous.
#
# But the *second* derivative jumps from 2 to −2 at 0. So the next term of the Taylor series does not cancel
# there, and the central difference has an error of about Δ. If an input is exactly 0, a step of 10⁻⁵ is too
# large for a tolerance of 10⁻⁶, and a right backward pass fails. A step of 10⁻⁷ is small enough.


# %%
def softsign(x):
    return x / (1 + np.abs(x)), x


def softsign_backward(dy, x):
    return dy / (1 + np.abs(x)) ** 2


assert check_gradients(softsign, softsign_backward, [rng.standard_normal((3, 4))])
assert check("2.1", softsign, softsign_backward)

# %%
at_zero = np.array([[0.0, -1.0, 2.0]])
for step in (1e-5, 1e-7):
    report = check_gradients(softsign, softsign_backward, [at_zero], step=step)
    print(f"at 0, step {step:.0e}: worst error {report.worst:.1e}")
assert report


# %% [markdown]
# **2.2** $x[n,k]$ stands in $y[n,k]$ with the factor 1, and in every y of the row with −1/D. So
# $dx[n,k] = dy[n,k] - \frac1D\sum_d dy[n,d]$: the same operation. The lazy author leaves out the mean of the
# row. It is 0 if each row of dy sums to 0. (A dy of ones hides another mistake: there the right dx is 0, and so
# is every multiple of it.)


# %%
def center_backward(dy, cache):
    return dy - dy.mean(axis=1, keepdims=True)


hiding_dy = rng.standard_normal((3, 4))
hiding_dy -= hiding_dy.mean(axis=1, keepdims=True)  # now each row sums to 0
assert np.allclose(center_backward(hiding_dy, None), hiding_dy)
assert check("2.2", center_backward, hiding_dy)

# %% [markdown]
# **2.3** $x[n,k]$ stands in the sum twice, as the left and as the right factor. So
# $dx[n,k] = dy[n]\,\big(\sum_j w[k,j]\,x[n,j] + \sum_i x[n,i]\,w[i,k]\big)$, which is `x @ w.T + x @ w`. The
# wrong pass takes the second sum twice. Both sums are equal if w is symmetric, and the identity matrix is
# symmetric: the test breaks the rule of random inputs. Any w that is not symmetric shows the bug.


# %%
def quadratic(x, w):
    return ((x @ w) * x).sum(axis=1), (x, w)


def quadratic_backward(dy, cache):
    x, w = cache
    dy = dy[:, None]
    return dy * 2 * (x @ w), (dy * x).T @ x


def quadratic_backward_right(dy, cache):
    x, w = cache
    dy = dy[:, None]
    return dy * (x @ w + x @ w.T), (dy * x).T @ x


w_test = rng.standard_normal((4, 4))
print(check_gradients(quadratic, quadratic_backward, {"x": rng.standard_normal((3, 4)), "w": w_test}))
assert check("2.3", w_test, quadratic_backward_right)


# %% [markdown]
# **2.4** A thousand times L multiplies truncation *and* rounding by a thousand, and the derivative too. The
# curve of the figure moves up and keeps its best step. Near a million the numbers of float64 are 10⁻¹⁰ apart.
# So x + Δ is rounded to one of them, and the step that is really taken differs from Δ by up to that much. Small
# steps become worse, and the best step is larger. (A better difference divides by the step that is really
# taken: `(x + step) - (x - step)`. The package does this.)


# %%
def mean_error(f, derivative, xs, step):
    return np.abs((f(xs + step) - f(xs - step)) / (2 * step) - derivative(xs)).mean()


def best_power(f, derivative, xs):
    errors = {k: mean_error(f, derivative, xs, 10.0**k) for k in range(-10, 0)}
    print("  ".join(f"{k}: {error:.0e}" for k, error in errors.items()))
    return min(errors, key=errors.get)


xs = np.linspace(1, 2, 100)
k_plain = best_power(np.sin, np.cos, xs)
k_large_loss = best_power(lambda x: 1000 * np.sin(x), lambda x: 1000 * np.cos(x), xs)
k_large_x = best_power(np.sin, np.cos, 1_000_000 + xs)
print("distance between neighboring numbers near a million:", np.spacing(1e6))
assert check("2.4", k_plain, k_large_loss, k_large_x)

# %% [markdown]
# **2.5** The four lines that matter: a random dy, a comparison of x and dy with their copies, the numeric
# gradient of *every* element, and an error as a share of the largest value. The copies are made before the
# backward pass, and the numeric gradient uses them: the originals may have changed.


# %%
def numeric_gradient(f, x, dy, step=1e-5):
    numeric = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[index] = step
        numeric[index] = np.sum((f(x + move) - f(x - move)) * dy) / (2 * step)
    return numeric


def worst_error(dx, numeric):
    return np.abs(dx - numeric).max() / max(np.abs(dx).max(), np.abs(numeric).max())


def my_check(forward, backward, x):
    y, cache = forward(x)
    dy = rng.standard_normal(y.shape)
    x_before, dy_before = x.copy(), dy.copy()
    dx = backward(dy, cache)
    if not (np.array_equal(x, x_before) and np.array_equal(dy, dy_before)):
        return False
    numeric = numeric_gradient(lambda x: forward(x)[0], x_before, dy_before)
    return worst_error(dx, numeric) < 1e-6


assert check("2.5", my_check)
