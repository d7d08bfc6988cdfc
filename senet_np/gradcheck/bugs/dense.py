"""Bugs in the ops on rows and single numbers: non-linearities, linear and softmax_cross_entropy."""

TEXT = """
relu: mask the wrong way round; cause: mask inverted
The line that everybody knows is dx[x <= 0] = 0, and the cached mask is put into its brackets although it says x > 0.
- return dy * cache.mask
+ dx = dy.copy()
+ dx[cache.mask] = 0
+ return dx

relu: leaky backward, not forward; cause: backward pass of a variant of the op
Too many units were dead, so the backward pass got a small slope to let them learn; the forward pass stayed as it was.
- return dy * cache.mask
+ return np.where(cache.mask, dy, 0.01 * dy)

relu: guided backpropagation; cause: rule for figures used for training
Passing only positive gradients gives sharp images of what a unit looks at; the function comes from such a script.
- return dy * cache.mask
+ return dy * cache.mask * (dy > 0)

sigmoid: slope taken at y, not at x; cause: cached output taken for the input
Most caches hold the input, so this one is taken for x too, and the sigmoid is applied a second time.
- y = cache.y
+ y = 1 / (1 + np.exp(-cache.y))

sigmoid: slope of log σ; cause: derivative of the logarithm
The slope 1 − y appears again and again in the derivation of the cross-entropy, but it belongs to log σ and not to σ.
- return dy * y * (1 - y)
+ return dy * (1 - y)

sigmoid: brackets lost; cause: operator precedence
The formula is typed as it is spoken, “y times one minus y”, and Python multiplies before it subtracts.
- return dy * y * (1 - y)
+ return dy * y * 1 - y

tanh: slope of the sigmoid; cause: formula of a related function
tanh is a sigmoid stretched to (−1, 1), so the sigmoid's y(1 − y) is expected to hold for it as well.
- return dy * (1 - y * y)
+ return dy * y * (1 - y)

tanh: square on the bracket; cause: exponent in the wrong place
“One minus y squared” becomes (1 − y)² when it is written down from memory.
- return dy * (1 - y * y)
+ return dy * (1 - y) ** 2

tanh: gradient clipped on the way; cause: clipping inside a backward pass
Clipping cures exploding gradients, but here it stands in the layer, where it falsifies them, and not in the optimizer.
- return dy * (1 - y * y)
+ return np.clip(dy, -1, 1) * (1 - y * y)

tanh: slope of the inverse function; cause: backward taken for inverse
Backward sounds like undoing the forward pass, so dy is divided by the slope, as for the inverse function.
- return dy * (1 - y * y)
+ return dy / (1 - y * y)

hard_sigmoid: slope everywhere; cause: gradient passes where the function is flat
The line x/6 + 1/2 is differentiated, and the clipping around it is taken for something that only the forward pass does.
- return dy * ((x > -3) & (x < 3)) / 6
+ return dy / 6

hard_sigmoid: slope of the true sigmoid; cause: slope of the function that is approximated
It was made to look like the sigmoid, so the sigmoid's slope is taken, which is 1/4 in the middle and not 1/6.
- return dy * ((x > -3) & (x < 3)) / 6
+ return dy * np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2

hard_sigmoid: the sixth forgotten; cause: inner derivative forgotten
It is treated as a clipping of its line, through which the gradient passes unchanged; that the line is not x is lost.
- return dy * ((x > -3) & (x < 3)) / 6
+ return dy * ((x > -3) & (x < 3))

hard_swish: gate taken for a constant; cause: one term of the product rule
y is x times a gate, so dy is multiplied by the gate; but the gate is a function of x as well.
- return dy * np.where(x < -3, 0, np.where(x > 3, 1, x / 3 + x.dtype.type(0.5)))
+ return dy * np.clip(x / 6 + x.dtype.type(0.5), 0, 1)

hard_swish: corners at 0 and 6; cause: argument of an inner function taken for x
It is often written x · relu6(x + 3) / 6, and relu6 has its corners at 0 and 6: of x + 3, not of x.
- return dy * np.where(x < -3, 0, np.where(x > 3, 1, x / 3 + x.dtype.type(0.5)))
+ return dy * np.where(x < 0, 0, np.where(x > 6, 1, x / 3 + x.dtype.type(0.5)))

linear: reshaped, not transposed; cause: reshape in place of a transpose
The product needs a matrix of shape (M, D); reshape makes one as easily as .T, but with its numbers in other places.
- dx = dy @ w.T
+ dx = dy @ w.reshape(w.shape[1], w.shape[0])

linear: db keeps the summed axis; cause: summed axis kept
keepdims=True was right for the softmax a page earlier, and by broadcasting a (1, M) array adds to the biases as well.
- db = dy.sum(axis=0) if has_bias else None
+ db = dy.sum(axis=0, keepdims=True) if has_bias else None

linear: weight decay inside; cause: penalty that is not in the loss
The gradient λw of the penalty ½λ‖w‖² is so short that it is added here, although the penalty is not part of this op.
- dw = x.T @ dy
+ dw = x.T @ dy + 1e-3 * w

softmax_cross_entropy: right class not subtracted; cause: simplest term of a sum forgotten
All work goes into log Σ exp(l), which gives p; the other term, the right class's own logit, looks too simple to matter.
- dlogits[np.arange(n), labels] -= 1 - label_smoothing

softmax_cross_entropy: sign flipped; cause: sign
Maximum likelihood climbs with onehot − p; the minus before the logarithm, which makes it a loss, is forgotten.
- dlogits = p - label_smoothing / k
- dlogits[np.arange(n), labels] -= 1 - label_smoothing
+ dlogits = label_smoothing / k - p
+ dlogits[np.arange(n), labels] += 1 - label_smoothing

softmax_cross_entropy: labels counted from 1; cause: labels off by one
The data set's page counts its classes from 1, so 1 is subtracted from labels that start at 0, and −1 is a valid index.
- dlogits[np.arange(n), labels] -= 1 - label_smoothing
+ dlogits[np.arange(n), labels - 1] -= 1 - label_smoothing

softmax_cross_entropy: dloss ignored; cause: upstream gradient ignored
The loss is the end of the chain, where dloss is 1, so the argument is taken for a formality.
- return dlogits * (float(dloss) / n)
+ return dlogits / n

softmax_cross_entropy: columns in place of elements; cause: slice in place of paired indices
[:, labels] reads like “in each row at its label”, but NumPy takes the columns of all labels in every row.
- dlogits[np.arange(n), labels] -= 1 - label_smoothing
+ dlogits[:, labels] -= 1 - label_smoothing

softmax_cross_entropy: softmax differentiated element by element; cause: diagonal taken for the whole Jacobian
The sigmoid's p(1 − p) is used, as if a probability depended on its own logit alone and not on all of its row.
- dlogits = p - label_smoothing / k
- dlogits[np.arange(n), labels] -= 1 - label_smoothing
+ dp = np.zeros_like(p)
+ dp[np.arange(n), labels] = -1 / p[np.arange(n), labels]
+ dlogits = dp * p * (1 - p)

softmax_cross_entropy: smoothing forgotten backward; cause: option honored in one direction only
Smoothing is added to the loss, which trains a little differently at once, and the gradient of the plain loss is kept.
- dlogits = p - label_smoothing / k
- dlogits[np.arange(n), labels] -= 1 - label_smoothing
+ dlogits = p.copy()
+ dlogits[np.arange(n), labels] -= 1

softmax_cross_entropy: smoothed over the wrong classes only; cause: two definitions mixed
Some texts spread α over the K − 1 wrong classes; the loss here spreads it over all K, so the two halves do not fit.
- dlogits = p - label_smoothing / k
- dlogits[np.arange(n), labels] -= 1 - label_smoothing
+ dlogits = p - label_smoothing / (k - 1)
+ dlogits[np.arange(n), labels] -= 1 - label_smoothing - label_smoothing / (k - 1)
"""
