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
from senet_np.exercises import check
from senet_np.gradcheck import check_gradients
from senet_np.nets import resnet50
from senet_np.nets.describe import equation_5
from senet_np.nets.mobilenet import BLOCKS

rng = np.random.default_rng(0)

# %% [markdown]
# **14.1** 72 // 4 = 18 and the nearest multiple is 16. But 16 is less than nine tenths of 18, which are 16.2, so it
# becomes
# 24. 88 // 4 = 22 becomes 24. 200 // 4 = 50 becomes 48, which is more than nine tenths of 50.

# %%
hidden = [24, 24, 48]
assert hidden == [se.hidden_width(c, 4, multiple=8) for c in (72, 88, 200)]
assert check("14.1", hidden)

# %% [markdown]
# **14.2** With g for the hard sigmoid, y = x · g(x), so dy/dx = g(x) + x · g′(x). Below −3 both terms are 0. Between
# −3 and 3 it is x/6 + 1/2 + x/6 = x/3 + 1/2. Above 3 it is 1.


# %%
def forward(x):
    g = np.minimum(1, np.maximum(0, x / 6 + 1 / 2))
    return x * g, (x, g)


def backward(dy, cache):
    x, g = cache
    return dy * (g + x * (np.abs(x) < 3) / 6)


print(check_gradients(forward, backward, {"x": rng.uniform(-6, 6, 50)}))
assert check("14.2", forward, backward)

# %% [markdown]
# **14.3** Only the convolution's weights are in the file. Its stride and padding are not. The first difference is in
# the stem: the authors' max pooling has no padding and rounds sizes up. Later, the *first* 1×1 convolution of a stage
# skips every second position in the authors' network, and the 3×3 convolution does so in timm's. The sizes at the
# end of each stage agree. So `import` looks at the *names* in the file, which the two libraries chose differently.

# %%
small = {"widths": (4, 4, 8, 8), "classes": 10}
ours, theirs = resnet50(**small), resnet50(**small, caffe=True)
params, state = ours.init(rng)
x_small = rng.standard_normal((1, 64, 64, 3)).astype(np.float32)

differing = []
for a, b in zip(trace(ours, params, state, x_small), trace(theirs, params, state, x_small), strict=True):
    if a.output.shape != b.output.shape or not np.allclose(a.output, b.output):
        differing.append((a.node.path, a.output.shape[1:], b.output.shape[1:]))
first = differing[0][0]
print("first to differ:", differing[0])
print("of another shape:", *[place for place in differing if place[1] != place[2]][:2], sep="\n  ")
assert differing[-1][1] == differing[-1][2] == (10,)
assert check("14.3", first)

# %% [markdown]
# **14.4** At the end SE would be nearly free: 4 % of the parameters. But it would weight the few channels that
# are added to the shortcut. In the middle it weights the many channels that the depthwise convolution has
# just filled. That convolution never mixes channels and sees a small window. SE is the only part of the block that
# sees the whole image.

# %%
gated = [block for block in BLOCKS if block.se]
middle = equation_5([block.expanded for block in gated], 4)
end = equation_5([block.channels for block in gated], 4)
print(f"in the middle {middle:,.0f}, at the end {end:,.0f}: {end / middle:.1%}")
assert check("14.4", middle, end)
