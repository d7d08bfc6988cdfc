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
# # Answers to the questions on paper in the assignments
#
# The assignments ask some questions that no check can read. Here are answers to compare with yours. The code is not
# here: the checks judge it.
#
# ## Assignment 1
#
# **Sigmoid.** $\sigma'(x) = \frac{\exp(-x)}{(1+\exp(-x))^2} = \frac{1}{1+\exp(-x)}\cdot\frac{\exp(-x)}{1+\exp(-x)}$.
# The first factor is y, and the second one is 1 − y, because the two add up to 1. At x = 0 the slope is 1/4, its
# largest value. Where |x| is large it is about exp(−|x|), nearly 0.
#
# **Fully connected layer.** $w_{dm}$ stands in $y_{nm} = \sum_d x_{nd}\,w_{dm} + b_m$ for every image n. So
# $\partial L/\partial w_{dm} = \sum_n x_{nd}\,dy_{nm}$, a sum over the images: `x.T @ dy`. $x_{nd}$ stands in $y_{nm}$
# for every m: $\sum_m dy_{nm}\,w_{dm}$, which is `dy @ w.T`. $b_m$ stands in every row: $\sum_n dy_{nm}$.
#
# **Global average pooling.** The share is $1/(HW)$ of $dz_{nc}$: the mean divides by H·W, so one position moves z by
# 1/(HW) of its own change.
#
# **Scale.** One gate is used at every position of its channel, so its gradient is the sum over the positions:
# $ds_{nc} = \sum_{i,j} dy_{nijc}\,u_{nijc}$. The images stay apart, because each has its own gates.
#
# ## Assignment 2
#
# **Cost.** W₁ has C · C/r numbers and W₂ has C/r · C: together $2C^2/r$. Nearly all of them lie in the last stage, since
# C is largest there and enters squared.
#
# **Gate.** The corners are at e = −3 and e = 3. The slope is 0, then 1/6, then 0. A gate that has reached 1 gets no
# gradient from this image, so this image does not teach it anything. Another image, with e between −3 and 3, can.
#
# **The block, backward.**
#
# | line | gradient |
# |---|---|
# | x̃ = s·u | du_scale = s·dx̃, at each position; ds_c = Σ dx̃_c·u_c, over the positions of the map |
# | s = g(e) | de = ds/6 between the corners, else 0 |
# | h = ReLU(a) | da = dh where a > 0, else 0 |
# | z_c = largest value of u_c | du_squeeze = dz_c at the position of the largest value, 0 at all others |
#
# If several positions share the maximum, they share dz_c, so that the shares add up to dz_c.
#
# **Lines.** Two lines leave U, one to the squeeze and one to the scale. So two gradients arrive there, and they are
# added.
#
# **Without du_squeeze.** Of the visible checks, only that of du finds the mistake: dw1, db1, dw2 and db2 do not use du.
# du is wrong at one position of each map, where the maximum stands. With a mean as the squeeze it
# would be wrong at every position of a map, by the same number, dz_c/(HW).
#
# ## Assignment 3
#
# **Windows.** Length 6, a window of 3, stride 2 and no padding: two windows, on the pixels 0 to 2 and 2 to 4. No window
# touches pixel 5.
#
# **db** is the sum over all rows of dY: over the images n and the positions i, j.
#
# **Why `+=`?** A pixel that stands in several windows was copied several times, and its gradient is the sum over the
# copies. `=` would keep only the last one. Where no two windows overlap, `=` is right as well: where the stride is not
# smaller than the kernel. A pixel that no window touches does not move the output: its gradient is 0.
#
# **Memory.** 128 images of 32×32 positions make 131,072 rows, and a kernel of 3×3 on 64 channels needs 576 columns: 75
# million numbers, which is 302 MB in float32. The images themselves have 34 MB.
#
# ## Assignment 4
#
# **Mean gates.** Take them from training images, and classify the test images. If the mean comes from the test images
# themselves, the replacement has already seen what it is tested on.
#
# For the five sentences there is no single answer. The rubric in the teacher's guide says what a good one contains.
