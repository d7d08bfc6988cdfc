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
# # Solutions to notebook 14

# %%
import numpy as np

from senet_np import se
from senet_np.containers import trace
from senet_np.gradcheck import check_gradients
from senet_np.nets import resnet50
from senet_np.nets.describe import equation_5
from senet_np.nets.mobilenet import BLOCKS

rng = np.random.default_rng(0)

# %% [markdown]
# **1.** 96 // 4 = 24 is a multiple of 8 already. 240 // 4 = 60 lies between 56 and 64, exactly four away from
# 56 and from 64; the rule adds half of 8 before it cuts, so it goes up: 64. 120 // 4 = 30 becomes 32. The first
# block has 16 channels: 16 // 4 = 4 becomes 8, and C/h is 2 there.

# %%
for block in BLOCKS:
    if block.se:
        h = se.hidden_width(block.expanded, 4, multiple=8)
        print(f"C = {block.expanded:3}   C // 4 = {block.expanded // 4:3}   h = {h:3}   C/h = {block.expanded / h:.2f}")
assert [se.hidden_width(c, 4, multiple=8) for c in (96, 240, 120)] == [24, 64, 32]

# %% [markdown]
# **2.** No array tells where a network halves its resolution: the stride is not in the file. In the authors' network the
# *first* 1×1 convolution of a stage skips every second position, in timm's the 3×3 convolution does. Shapes and names
# agree, and so do the sizes of all outputs at the end of each stage; the numbers do not. The first difference is in the
# stem already, where the authors' pooling has no padding. That is why `import` goes by the *names* in the file, which
# the two libraries chose differently.

# %%
small = {"widths": (4, 4, 8, 8), "classes": 10}
one, other = resnet50(**small), resnet50(**small, caffe=True)
trees, x = one.init(rng), rng.standard_normal((1, 64, 64, 3)).astype(np.float32)
differing = []
for a, b in zip(trace(one, *trees, x), trace(other, *trees, x), strict=True):
    if a.output.shape != b.output.shape or not np.allclose(a.output, b.output):
        differing.append((a.node.path, a.output.shape[1:], b.output.shape[1:]))
print("first to differ:", differing[0])
print("of another shape:", *[place for place in differing if place[1] != place[2]][:2], sep="\n  ")
assert differing[0][0] == "stem.pool"
assert differing[-1][1] == differing[-1][2] == (10,)

# %% [markdown]
# **3.** dx = dy/6 where −3 < x < 3, and 0 elsewhere. Exactly at −3 and 3 there is no derivative. A central difference
# there takes half a step on the slope and half a step on the flat: it finds 1/12, whatever one decides to return.
# Elsewhere it is right to the last digits, as long as no step crosses a corner.


# %%
def forward(x):
    return np.minimum(1, np.maximum(0, x / 6 + 1 / 2)), x


def backward(dy, x):
    return (dy * (np.abs(x) < 3) / 6,)


x = rng.uniform(-6, 6, 50)
print(check_gradients(forward, backward, {"x": x}))
step = 1e-5
at_corner = (forward(np.array(3.0) + step)[0] - forward(np.array(3.0) - step)[0]) / (2 * step)
print(f"central difference at 3: {at_corner:.5f}, 1/12 = {1 / 12:.5f}")
assert np.isclose(at_corner, 1 / 12)

# %% [markdown]
# **4.** 4 % of them, a twenty-fifth. SE at the end of the block would be nearly free, and it would weigh the few channels that
# the shortcut carries, of which every one is needed. In the middle it weighs the many that the depthwise convolution has
# just filled, each alone, without ever mixing them: SE is the only part of the block that sees the whole image.

# %%
gated = [block for block in BLOCKS if block.se]
middle = equation_5([block.expanded for block in gated], 4)
end = equation_5([block.channels for block in gated], 4)
print(f"in the middle {middle:,.0f}, at the end {end:,.0f}: {end / middle:.1%}")
