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

from senet_np.exercises import check
from senet_np.gradcheck import check_gradients
from senet_np.layers import SE, Conv2D
from senet_np.nets import resnet
from senet_np.nets.attention import POSITIONS
from senet_np.nets.describe import equation_5
from senet_np.tree import tree_build, tree_items

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# **10.1** Each block has w1 (C, C/r), b1 (C/r,), w2 (C/r, C) and b2 (C,). The library takes at least 2 hidden
# units. At r = 16 a stage of 16 channels would have 16/16 = 1, and then all its gates would follow one number. So
# there the library's count is larger than Eq. 5, even without biases.

# %%
def added_parameters(widths, blocks, r):
    total = 0
    for channels in widths:
        hidden = max(2, channels // r)
        total += blocks * (2 * channels * hidden + hidden + channels)
    return total


for r in (4, 8, 16):
    paper = equation_5([channels for channels in (16, 32, 64) for _ in range(3)], reduction=r)
    print(f"r = {r:2}: added {added_parameters((16, 32, 64), 3, r):5,}, Eq. 5 {paper:5,.0f}")
assert check("10.1", added_parameters)

# %% [markdown]
# **10.2** x goes into the branch and into the SE block on the shortcut. Each has a backward pass of its own, and
# their gradients are added. dy itself is no term of the sum: a gated shortcut does not pass it on unchanged.

# %%
def identity_backward(dy, branch, branch_cache, shortcut, shortcut_cache):
    dx_branch, _ = branch.backward(dy, branch_cache)
    dx_shortcut, _ = shortcut.backward(dy, shortcut_cache)
    return dx_branch + dx_shortcut


branch, shortcut = Conv2D(4, 4, bias=False), SE(4, reduction=1)
branch_params, _ = branch.init(rng, np.float64)
shortcut_params, _ = shortcut.init(rng, np.float64)


def forward(x):
    y_branch, branch_cache, _ = branch.forward(branch_params, {}, x, True)
    y_shortcut, shortcut_cache, _ = shortcut.forward(shortcut_params, {}, x, True)
    return y_branch + y_shortcut, (branch_cache, shortcut_cache)


x = rng.standard_normal((2, 5, 3, 4))
assert check_gradients(forward, lambda dy, caches: identity_backward(dy, branch, caches[0], shortcut, caches[1]), [x])
assert not check_gradients(forward, lambda dy, caches: branch.backward(dy, caches[0])[0] + dy, [x])
assert check("10.2", identity_backward)

# %% [markdown]
# **10.3** y is joined, so dy is split at channel C. x is used twice, so its two gradients are added: the first C
# channels of dy as they are, and what the layer's backward pass makes of the others.

# %%
def dense_backward(dy, C, layer, cache):
    dx_kept = dy[..., :C]
    dx_layer, _ = layer.backward(dy[..., C:], cache)
    return dx_kept + dx_layer


assert check("10.3", dense_backward)

# %% [markdown]
# **10.4** `dx = dy` makes no copy. There is one array with two names, and `+=` writes into it. So the first branch
# gets the right dy. The second one gets dy plus the first branch's gradient, and dx is wrong.
#
# With one branch nothing reads dy afterwards, so the numbers of dx are right. But the caller's dy is destroyed. If
# the caller hands the same dy to another layer, the mistake shows there, far from here. `check_gradients` compares
# all arguments before and after, and refuses such a function.

# %%
def sum_backward(dy, parts, caches):
    dx = dy.copy()
    for part, cache in zip(parts, caches):
        dx += part.backward(dy, cache)[0]
    return dx


def in_place(dy, parts, caches):
    dx = dy
    for part, cache in zip(parts, caches):
        dx += part.backward(dy, cache)[0]
    return dx


parts = [Conv2D(4, 4, bias=False), Conv2D(4, 4, kernel_size=1, bias=False)]
params = [part.init(rng, np.float64)[0] for part in parts]


def sum_forward(x):
    passes = [part.forward(p, {}, x, True) for part, p in zip(parts, params)]
    return x + sum(y for y, _, _ in passes), [cache for _, cache, _ in passes]


try:
    check_gradients(sum_forward, lambda dy, caches: in_place(dy, parts, caches), [x])
    raise AssertionError("it should have been refused")
except ValueError as error:
    print(error)
assert check_gradients(sum_forward, lambda dy, caches: sum_backward(dy, parts, caches), [x])
assert check("10.4", sum_backward)

# %% [markdown]
# **10.5** With silent branches and open gates the share is about σ(4) to the 9th, which is 0.85. It is a little
# smaller, because $h W_2$ is added to the fours: some gates get more than 4 and gain little, others get less and
# lose more.
#
# With the branches working, dx is larger than dy at all four places: the branches carry gradients too. So what
# section 2 showed is true of the shortcut alone, with gates that are half open, as they are at the start. It does
# not tell which place trains best.

# %%
x_deep, dy_deep = np.abs(rng.standard_normal((4, 6, 6, 16))), rng.standard_normal((4, 6, 6, 16))


def share_that_arrives(position, change):
    stage = resnet(widths=(16,), blocks=9, position=position).parts["stage1"]
    params, state = stage.init(np.random.default_rng(0), np.float64)
    params = tree_build({path: change(path, array) for path, array in tree_items(params)})
    _, cache, _ = stage.forward(params, state, x_deep, True)
    dx, _ = stage.backward(dy_deep, cache)
    return np.linalg.norm(dx) / np.linalg.norm(dy_deep)


def mute_and_open(path, array):
    array = np.full_like(array, 4) if path.endswith("se.b2") else array
    return 0 * array if path.endswith("bn2.gamma") else array


share = share_that_arrives("identity", mute_and_open)
with_branches = {position: share_that_arrives(position, lambda path, array: array) for position in POSITIONS}
print(f"open gates, silent branches: {share:.3f};  σ(4) to the 9th: {(1 / (1 + np.exp(-4))) ** 9:.3f}")
print("half open gates, branches on:", {position: f"{value:.1f}" for position, value in with_branches.items()})
below_one = sum(value < 1 for value in with_branches.values())
assert check("10.5", share, below_one)
