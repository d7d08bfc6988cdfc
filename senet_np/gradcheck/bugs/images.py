"""Bugs in the ops on images: conv2d, the pools over all positions and over windows, channel_scale and batch_norm."""

TEXT = """
conv2d: kernel turned twice; cause: flip that is already done
Textbooks turn the kernel by 180° for dx, but adding the columns back where they came from does that already.
- dcols = dy_rows @ w.reshape(-1, c_out).T
+ dcols = dy_rows @ w[::-1, ::-1].reshape(-1, c_out).T

conv2d: db summed over the images alone; cause: axes overlooked that the other op lacked
The line is copied from the fully connected layer, where the batch is the only axis along which a bias is repeated.
- db = dy_rows.sum(axis=0) if has_bias else None
+ db = dy.sum(axis=0) if has_bias else None

conv2d: dw read channel first; cause: order of the axes in another library
In the best-known courses images are (N, C, H, W), so a column lists channel by channel, and dw is read in that order.
- dw = (cols.T @ dy_rows).reshape(w.shape)
+ dw = (dy_rows.T @ cols).reshape(c_out, x_shape[3], kh, kw).transpose(2, 3, 1, 0)

conv2d: padding cut off at one side; cause: padding cropped from one side
dx must have H × W pixels, so that many are sliced from the padded array, starting at 0 as slices usually do.
- dx = col2im(dcols, x_shape, kh, kw, stride, pad)
+ n, height, width, c_in = x_shape
+ dx_pad = col2im(dcols, (n, height + 2 * pad, width + 2 * pad, c_in), kh, kw, stride, 0)
+ dx = dx_pad[:, :height, :width]

conv2d: stride ignored in col2im; cause: stride ignored
The loop was written and tried with stride 1, where the slices need no step, and it runs with any other without error.
- dx = col2im(dcols, x_shape, kh, kw, stride, pad)
+ n, height, width, c_in = x_shape
+ windows = dcols.reshape(n, h_out, w_out, kh, kw, c_in)
+ dx_pad = np.zeros((n, height + 2 * pad, width + 2 * pad, c_in), dy.dtype)
+ for p in range(kh):
+     for q in range(kw):
+         dx_pad[:, p : p + h_out, q : q + w_out] += windows[:, :, :, p, q]
+ dx = dx_pad[:, pad : pad + height, pad : pad + width]

depthwise_conv2d: one gradient for all channels; cause: axis of the parameter summed away
A bias sums over all positions, and an empty sum() does that; but here each channel has weights of its own.
- dw[p, q] = (_seen(x_pad, p, q, stride, h_out, w_out) * dy).sum(axis=(0, 1, 2))
+ dw[p, q] = (_seen(x_pad, p, q, stride, h_out, w_out) * dy).sum()

depthwise_conv2d: padding left on; cause: padding never taken off
The forward pass padded x in its first line, and in the last line of the backward pass nobody remembers.
- return np.ascontiguousarray(dx_pad[:, pad : height - pad, pad : width - pad]), dw, db
+ return dx_pad, dw, db

global_avg_pool: not spread out; cause: spreading left to broadcasting
Every position gets the same number and broadcasting will repeat it in the next sum, so H and W are left at length 1.
- return np.broadcast_to(share[:, None, None, :], cache.shape).copy()
+ return share[:, None, None, :]

global_avg_pool: divided by N too; cause: divisor counts the batch too
Batch norm's mean divides by N·H·W, and so does this line, although the squeeze averages each image on its own.
- share = dz / (height * width)
+ share = dz / (n * height * width)

global_avg_pool: always float32; cause: dtype written into the code
Networks are trained in float32, so each array is given this type, and a float64 gradient is rounded on its way through.
- return np.broadcast_to(share[:, None, None, :], cache.shape).copy()
+ return np.broadcast_to(share[:, None, None, :], cache.shape).astype(np.float32)

global_max_pool: every position wins; cause: maximum's gradient given to all
A maximum has slope 1, and between the formula and the code it gets lost that only the winner has this slope.
- np.put_along_axis(dx, winner[:, None, :], dz[:, None, :], axis=1)
+ dx[:] = dz[:, None, :]

global_max_pool: row found by the height; cause: height in place of the width
Height goes with rows, so the flat index is divided by it; on the square images that everybody tries, this is right.
- dx = np.zeros((n, height * width, c), dtype)
- np.put_along_axis(dx, winner[:, None, :], dz[:, None, :], axis=1)
+ row, column = np.divmod(winner, height)
+ image, channel = np.ogrid[:n, :c]
+ dx = np.zeros(shape, dtype)
+ dx[image, row, column, channel] = dz

global_max_pool: np.put for np.put_along_axis; cause: index along an axis used on the whole array
argmax gives a flat index and np.put takes flat indices, but the first counts within a channel of an image and the
second through the whole array.
- np.put_along_axis(dx, winner[:, None, :], dz[:, None, :], axis=1)
+ np.put(dx, winner, dz)

max_pool2d: += on an indexed array; cause: indexed += adds once
The += is there, but where an index names a pixel twice NumPy adds to it only once, and few people know np.add.at.
- for p in range(size):
- ...
-         pixels += dy * (winner == p * size + q)
+ image, i, j, channel = np.ogrid[tuple(map(slice, dy.shape))]
+ p, q = np.divmod(winner, size)
+ dx_pad[image, i * stride + p, j * stride + q, channel] += dy

max_pool2d: row and column swapped; cause: row and column swapped
People say width before height when they speak of images, so the winner's index is split into column and row.
- pixels += dy * (winner == p * size + q)
+ pixels += dy * (winner == q * size + p)

max_pool2d: winner's index as a mask; cause: index used as a mask
ReLU's cache is a mask to multiply by, and the winners, small whole numbers as well, are used as if they were one.
- pixels += dy * (winner == p * size + q)
+ pixels += dy * winner

max_pool2d: padding forgotten and the index clipped; cause: index clipped to silence an error
A winner's place is counted in the padded image; without padding it may lie outside, and np.clip silences the error.
- dx_pad = np.pad(np.zeros(shape, dtype), frame(shape, size, stride, pad, ceil))
- ...
- return dx_pad[:, pad : pad + height, pad : pad + width].copy()
+ image, i, j, channel = np.ogrid[tuple(map(slice, dy.shape))]
+ p, q = np.divmod(winner, size)
+ row, column = np.clip(i * stride + p, 0, height - 1), np.clip(j * stride + q, 0, width - 1)
+ dx = np.zeros(shape, dtype)
+ np.add.at(dx, (image, row, column, channel), dy)
+ return dx

avg_pool2d: divided by size, not size²; cause: side in place of area
The window is described by one number, so the mean is thought to divide by that number.
- pixels += dy / size**2
+ pixels += dy / size

avg_pool2d: windows taken for tiles; cause: windows taken for tiles
Repeating each number size × size times is the shortest way back, and right for 2×2 pooling of an even-sized image.
- dx = np.zeros((n, height, width, c), dtype)
- ...
- return dx
+ return dy.repeat(size, axis=1).repeat(size, axis=2) / size**2

avg_pool2d: overlap averaged; cause: sum of several uses averaged
A pixel in nine windows gets nine shares, which looks like counting it nine times, so they are averaged.
- dx = np.zeros((n, height, width, c), dtype)
+ dx, windows = np.zeros((2, n, height, width, c), dtype)
- pixels += dy / size**2
+ pixels += dy / size**2
+ windows[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] += 1
- return dx
+ return dx / np.maximum(windows, 1)

channel_scale: each gradient with its own factor; cause: own factor in place of the other
The names are matched, du with u and ds with s, where the product rule asks for the other factor.
- du = dx_scaled * s[:, None, None, :]
- ds = (dx_scaled * u).sum(axis=(1, 2))
+ du = dx_scaled * u
+ ds = (dx_scaled * s[:, None, None, :]).sum(axis=(1, 2))

channel_scale: ds summed over the images too; cause: value of one image taken for a parameter
One number per channel looks like batch norm's gamma, which all images share, but every image has gates of its own.
- ds = (dx_scaled * u).sum(axis=(1, 2))
+ ds = (dx_scaled * u).sum(axis=(0, 1, 2))

channel_scale: ds averaged, not summed; cause: mean in place of a sum
The squeeze nearby averages over the positions, so averaging seems to be the way from a map to one number per channel.
- ds = (dx_scaled * u).sum(axis=(1, 2))
+ ds = (dx_scaled * u).mean(axis=(1, 2))

batch_norm: statistics taken for constants; cause: statistics taken for constants
Once they are computed, mean and var look like two constants of the formula, but every x had a part in them.
- dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - x_hat * (dx_hat * x_hat).mean(axis=axes))
+ dx = inv_std * dx_hat

batch_norm: constants taken for statistics; cause: mode of the forward pass ignored
Nobody trains in evaluation mode, so its branch is left out, until someone fine-tunes a net with frozen statistics.
- if not batch:
-     return dx_hat * inv_std, dgamma, dbeta

batch_norm: path through the mean dropped; cause: path through the mean dropped
As Σ (x − mean) = 0, the mean drops out of the variance's derivative, and its direct part is dropped with it.
- dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - x_hat * (dx_hat * x_hat).mean(axis=axes))
+ dx = inv_std * (dx_hat - x_hat * (dx_hat * x_hat).mean(axis=axes))

batch_norm: path through the variance dropped; cause: path through the variance dropped
Dividing by the standard deviation looks like a mere change of units, so only the subtracted mean is differentiated.
- dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - x_hat * (dx_hat * x_hat).mean(axis=axes))
+ dx = inv_std * (dx_hat - dx_hat.mean(axis=axes))

batch_norm: gamma forgotten in dx; cause: factor of a later step forgotten
The derivation starts from ∂L/∂x̂, and in the program dy takes its place, though gamma stands between the two.
- dx_hat = dy * gamma
+ dx_hat = dy

batch_norm: m counts images only; cause: positions left out of the count
It is called the mean over the batch, so m becomes the number of images, although H·W positions of each took part.
- dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - x_hat * (dx_hat * x_hat).mean(axis=axes))
+ m = dy.shape[0]
+ dx = inv_std * (dx_hat - dx_hat.sum(axis=axes) / m - x_hat * (dx_hat * x_hat).sum(axis=axes) / m)

batch_norm: m − 1 backward, m forward; cause: unbiased variance in one pass only
The running variance of the big libraries divides by m − 1, so this line does as well, but the forward pass uses m.
- dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - x_hat * (dx_hat * x_hat).mean(axis=axes))
+ m = dy.size // dy.shape[-1]
+ dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - x_hat * (dx_hat * x_hat).sum(axis=axes) / (m - 1))

batch_norm: eps left out of the slope; cause: small constant left out
eps only guards against a division by zero, so its work seems to be done once the forward pass is over.
- x_hat, inv_std, gamma, batch, _, _ = cache
+ x_hat, _, gamma, batch, _, var = cache
+ inv_std = 1 / np.sqrt(var)

batch_norm: dbeta returned before dgamma; cause: gradients returned in another order
dbeta is the simpler sum, is computed first and so is returned first, and as both are (C,) nothing complains.
- return dx_hat * inv_std, dgamma, dbeta
+ return dx_hat * inv_std, dbeta, dgamma
- return dx, dgamma, dbeta
+ return dx, dbeta, dgamma

batch_norm: the square's 2 lost; cause: factor 2 of a square lost
The 2 of the square and the ½ of the square root cancel, but on paper only the 2 was crossed out.
- dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - x_hat * (dx_hat * x_hat).mean(axis=axes))
+ dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - 0.5 * x_hat * (dx_hat * x_hat).mean(axis=axes))

batch_norm: inv_std squared, not cubed; cause: exponent counted in the wrong variable
Differentiating var^(−½) lowers the exponent by one, which is taken for one factor inv_std, but it makes two.
- dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - x_hat * (dx_hat * x_hat).mean(axis=axes))
+ centered = x_hat / inv_std
+ dvar = -0.5 * inv_std**2 * (dx_hat * centered).sum(axis=axes)
+ m = dy.size // dy.shape[-1]
+ dx = inv_std * (dx_hat - dx_hat.mean(axis=axes)) + dvar * 2 * centered / m
"""
