"""Bugs in the SE block and its relatives: every op is right, and what goes wrong is how they are joined."""

TEXT = """
se: squeeze path dropped; cause: second use of a value forgotten
The block returns s·u, so du = s·dx̃ looks complete, as if the gates came from outside and were not computed from u.
- du_squeeze = SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
- du = du_scale + du_squeeze
+ du = du_scale

se: = for += at the fan-out; cause: = for +=
Every line of a backward pass is an assignment, so the last one stores into du, where the scale's part already is.
- du_scale, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
+ du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
- du_squeeze = SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
- du = du_scale + du_squeeze
+ du = SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)

se: 1/(H·W) lost; cause: divisor of a mean forgotten
The divisor is hidden inside mean, so on the way back only the shape is undone, and every position gets dz in full.
- du_squeeze = SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
+ du_squeeze = dz[:, None, None, :]

se: squeeze's gradient at one position; cause: gradient put at one position
The squeeze turns H×W into 1×1, so its gradient is put back as one pixel, at [:, 0, 0], the one pixel of a 1×1 image.
- du_squeeze = SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
+ du_squeeze = np.zeros_like(du_scale)
+ du_squeeze[:, 0, 0] = dz / (du_scale.shape[1] * du_scale.shape[2])

se: σ′ missing; cause: non-linearity skipped
A gate has no weights and changes no shape, so nothing complains when ds is handed straight on to the second FC.
- de = GATE[cache.gate][1](ds, cache.gate_cache)
- dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
+ dh, dw2, db2 = ops.linear_backward(ds, cache.fc2_cache)

se: ReLU's mask from the gradient; cause: mask of the wrong array
“ReLU lets through what is positive” is applied to the array at hand, and in the backward pass that is dh and not a.
- da = ops.relu_backward(dh, cache.relu_cache)
+ da = dh * (dh > 0)

se: ReLU's mask comes too late for dw1; cause: gradient used before the step that changes it
Once dh is there, the first FC's weights get their gradient from it; the mask is remembered only on the way on to z.
- da = ops.relu_backward(dh, cache.relu_cache)
- dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
+ _, dw1, db1 = ops.linear_backward(dh, cache.fc1_cache)
+ da = ops.relu_backward(dh, cache.relu_cache)
+ dz = da @ cache.fc1_cache.w.T

se: bottleneck transposed; cause: transposed as in the paper
The paper's W₁ is h × C, so its gradient gets that shape, while our w1 is its transpose because samples are rows.
- dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
+ dz, _, db1 = ops.linear_backward(da, cache.fc1_cache)
+ dw1 = da.T @ cache.z

se: gate applied twice; cause: gradient overwritten before its second use
dx̃ is multiplied by the gates under its old name, and then the gates' own gradient is computed from the product.
- du_scale, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
+ dx_scaled = dx_scaled * cache.s[:, None, None, :]
+ du_scale = dx_scaled
+ ds = (dx_scaled * cache.u).sum(axis=(1, 2))

se: a skip connection that is not there; cause: path of the surrounding module added
The paper's figure shows a skip connection, so its gradient is added inside the block, although the sum is outside.
- du = du_scale + du_squeeze
+ du = du_scale + du_squeeze + dx_scaled

se_per_position: ds summed over the positions; cause: sum where nothing was broadcast
In SE one gate serves a whole channel, so ds is a sum over H and W; here every position has a gate of its own.
- pixels = dx_scaled.reshape(-1, 1, 1, dx_scaled.shape[3])
- du, dw1, db1, dw2, db2 = se_backward(pixels, cache._replace(squeeze="avg"))
+ ds = np.broadcast_to((dx_scaled * cache.u).sum(axis=(1, 2), keepdims=True), cache.s.shape)
+ de = GATE[cache.gate][1](ds.reshape(-1, ds.shape[3]), cache.gate_cache)
+ dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
+ da = ops.relu_backward(dh, cache.relu_cache)
+ dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
+ du = dx_scaled * cache.s + dz.reshape(dx_scaled.shape)

se_per_position: divided by H·W all the same; cause: divisor of a step that was left out
The squeeze is gone, but the 1/(H·W) that belongs to its mean is so well known from SE that it stays.
- pixels = dx_scaled.reshape(-1, 1, 1, dx_scaled.shape[3])
- du, dw1, db1, dw2, db2 = se_backward(pixels, cache._replace(squeeze="avg"))
+ n, height, width, c = dx_scaled.shape
+ du_scale, ds = ops.channel_scale_backward(dx_scaled.reshape(-1, 1, 1, c), cache.scale_cache)
+ de = GATE[cache.gate][1](ds, cache.gate_cache)
+ dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
+ da = ops.relu_backward(dh, cache.relu_cache)
+ dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
+ du = du_scale + dz[:, None, None, :] / (height * width)

se_avg_max: squeezes exchanged; cause: halves of a stack exchanged
The backward pass has to cut in the order in which the forward pass stacks, and that order stands in another function.
- du_avg = ops.global_avg_pool_backward(dz[: len(de)], avg_cache)
- du_max = ops.global_max_pool_backward(dz[len(de) :], max_cache)
+ du_avg = ops.global_avg_pool_backward(dz[len(de) :], avg_cache)
+ du_max = ops.global_max_pool_backward(dz[: len(de)], max_cache)

se_avg_max: db2 counted once; cause: parameter counted once that was used twice
There is one b2 and one row of gates per image, so db2 = Σ de looks complete, but both passes through the FCs added b2.
- dh, dw2, db2 = ops.linear_backward(np.concatenate([de, de]), cache.fc2_cache)
+ dh, dw2, _ = ops.linear_backward(np.concatenate([de, de]), cache.fc2_cache)
+ db2 = de.sum(axis=0) if cache.fc2_cache.has_bias else None

se_avg_max: each squeeze gets half; cause: gradient of a sum shared out
Two squeezes decide together, so each is given half of de, which would be right if e were their mean and not their sum.
- dh, dw2, db2 = ops.linear_backward(np.concatenate([de, de]), cache.fc2_cache)
+ dh, dw2, db2 = ops.linear_backward(np.concatenate([de / 2, de / 2]), cache.fc2_cache)

se_avg_max: one dz for both squeezes; cause: gradients of two inputs pooled
The FCs are shared, so the gradients of their two inputs are added, as for the weights, and both squeezes get the sum.
- du_avg = ops.global_avg_pool_backward(dz[: len(de)], avg_cache)
- du_max = ops.global_max_pool_backward(dz[len(de) :], max_cache)
+ dz = dz[: len(de)] + dz[len(de) :]
+ du_avg = ops.global_avg_pool_backward(dz, avg_cache)
+ du_max = ops.global_max_pool_backward(dz, max_cache)

eca: kernel not turned round; cause: kernel not turned round
dz is a sliding sum with the same weights as e, so the forward pass's line is copied, without reversing the kernel.
- dz = _neighbors(de, len(cache.w)) @ cache.w[::-1]
+ dz = _neighbors(de, len(cache.w)) @ cache.w

eca: ends joined to a ring; cause: ends joined to a ring
np.roll is the shortest way to shift an array, and what it pushes out at one end comes in again at the other.
- dz = _neighbors(de, len(cache.w)) @ cache.w[::-1]
+ k = len(cache.w)
+ dz = np.stack([np.roll(de, j - k // 2, axis=1) for j in range(k)], axis=2) @ cache.w

eca: dw without the shifts; cause: shifts of a sliding window forgotten
All channels share the kernel, so dw is a sum of z · de over them, but each weight of the kernel saw another neighbor.
- dw = np.einsum("nck,nc->k", cache.neighbors, de)
+ dw = np.full_like(cache.w, (cache.z * de).sum())
"""
