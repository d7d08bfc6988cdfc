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
# # Solutions to notebook 10

# %%
import numpy as np

from senet_np.containers import Sequential
from senet_np.gradcheck import check_gradients
from senet_np.layers import SE, Conv2D
from senet_np.nets import resnet, vgg
from senet_np.nets.attention import POSITIONS
from senet_np.nets.describe import added_by_se, equation_5
from senet_np.tree import tree_build, tree_items

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# **1.** A VGG has no branch and no shortcut, so there is nothing that SE could stand *before* or *beside*:
# one place only, and the error message tells so. The counts agree as long as C/r is 2 or more. At r = 16 the first
# stage would have 16/16 = 1 hidden unit, and all its gates would follow one number; the library takes h =
# max(2, C // r) = 2, so its count is larger.

# %%
try:
    vgg(position="pre")
except ValueError as error:
    print(error, "\n")

for r in (4, 8, 16):
    added = added_by_se(resnet(reduction=r, se_bias=False))
    paper = equation_5(added.channels, r)
    hidden = sorted(set(added.hidden))
    print(f"r = {r:2}: library {added.parameters:5}, Eq. 5 {paper:6.0f}, hidden units {hidden}")
    assert added.parameters == paper if r < 16 else added.parameters > paper

# %% [markdown]
# **2.** x goes into the branch and into the SE block on the shortcut; each has its own backward pass, and
# their gradients add. dy itself appears nowhere any more: a gated shortcut is no identity.

# %%
branch, shortcut = Conv2D(4, 4, bias=False), SE(4, reduction=1)
params_f, _ = branch.init(rng, np.float64)
params_s, _ = shortcut.init(rng, np.float64)


def forward(x):
    f, cache_f, _ = branch.forward(params_f, {}, x, True)
    s, cache_s, _ = shortcut.forward(params_s, {}, x, True)
    return f + s, (cache_f, cache_s)


def backward(dy, caches):
    cache_f, cache_s = caches
    return branch.backward(dy, cache_f)[0] + shortcut.backward(dy, cache_s)[0]


def as_if_not_gated(dy, caches):
    return branch.backward(dy, caches[0])[0] + dy


x = rng.standard_normal((2, 5, 3, 4))
report = check_gradients(forward, backward, [x])
print(report)
assert report
assert not check_gradients(forward, as_if_not_gated, [x])

# %% [markdown]
# **3.** `dx = dy` makes no copy. There is one array with two names, and `+=` writes into it. So the first
# part gets the right dy, and the second gets dy plus the first part's gradient: dx is wrong. And dy, which
# belongs to whoever called, is destroyed.
#
# With one branch nobody reads dy afterwards, so the numbers of dx are right. A check that compares dx alone
# reports "ok". But the caller's dy is gone: in a network that hands the same dy to something else, the mistake
# turns up there, far from here. `check_gradients` compares all arguments before and after, and refuses.

# %%
parts = [Conv2D(4, 4, bias=False), Conv2D(4, 4, kernel_size=1, bias=False)]
params = [part.init(rng, np.float64)[0] for part in parts]


def sum_forward(x):
    passes = [part.forward(p, {}, x, True) for part, p in zip(parts, params)]
    return x + sum(y for y, _, _ in passes), [cache for _, cache, _ in passes]


def in_place(dy, caches):
    dx = dy
    for part, cache in zip(parts, caches):
        dx += part.backward(dy, cache)[0]
    return dx


def mended(dy, caches):
    dx = dy.copy()
    for part, cache in zip(parts, caches):
        dx += part.backward(dy, cache)[0]
    return dx


try:
    check_gradients(sum_forward, in_place, [x])
    raise AssertionError("it should have been refused")
except ValueError as error:
    print(error)
assert check_gradients(sum_forward, mended, [x])

# %%
dy = rng.standard_normal(x.shape)
caches = sum_forward(x)[1]
right = mended(dy, caches)
print("two branches: dx right?", np.allclose(in_place(dy.copy(), caches), right))
assert not np.allclose(in_place(dy.copy(), caches), right)

right = mended(dy, caches[:1])  # zip stops at the shorter: the first branch alone
given = dy.copy()
dx_right = np.allclose(in_place(given, caches[:1]), right)
print("one branch:   dx right?", dx_right, " dy as it was?", np.allclose(given, dy))
assert dx_right and not np.allclose(given, dy)

# %% [markdown]
# **4.** Only the shortcuts first: with open gates the factor is of the size of σ(4) to the 9th, no longer
# close to 0. With the branches on, dx is larger than dy at all four places, whether gates are half open or
# open: the branches carry gradients too, and a damped shortcut is no bottleneck. So what section 2 showed
# is true of the shortcut alone, with gates that are half shut, as they are at the start. It does not
# tell which place trains best.

# %%
x, dy = np.abs(rng.standard_normal((4, 6, 6, 16))), rng.standard_normal((4, 6, 6, 16))


def size_of_dx(position, open_gates, mute):
    stage = resnet(widths=(16,), blocks=9, position=position).parts["stage1"]
    params, state = stage.init(np.random.default_rng(0), np.float64)
    changed = {}
    for path, array in tree_items(params):
        array = np.full_like(array, 4) if open_gates and path.endswith("se.b2") else array
        changed[path] = 0 * array if mute and path.endswith("bn2.gamma") else array
    _, cache, _ = stage.forward(tree_build(changed), state, x, True)
    return np.linalg.norm(stage.backward(dy, cache)[0]) / np.linalg.norm(dy)


print("branches      muted    muted         on           on")
print("gates     half open     open  half open         open")
for position in POSITIONS:
    sizes = [size_of_dx(position, gates, mute) for mute in (True, False) for gates in (False, True)]
    print(f"{position:9} {sizes[0]:8.4f} {sizes[1]:8.4f} {sizes[2]:10.4f} {sizes[3]:12.4f}")
    if position in ("post", "identity"):
        assert sizes[0] < 0.01 and 0.5 < sizes[1] < 1
    assert min(sizes[2:]) > 1
print(f"\nσ(4) to the 9th = {(1 / (1 + np.exp(-4))) ** 9:.3f}")
