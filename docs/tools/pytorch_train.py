# pyright: reportMissingImports=false
"""One training in PyTorch, on a GPU where there is one: `pytorch_compare.py` makes many.

Only the arithmetic is PyTorch's. Settings, initial weights, the images' order, flips and crops, and the rates are those
of senet_np, so a run here is the twin of the run there. The tests compare their weights at the end.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from senet_np.bench.pytorch_nets import build
from senet_np.data import Dataset
from senet_np.data.augment import Augmentation, plan_epoch
from senet_np.model import Model
from senet_np.runs.interchange import pytorch_name, to_pytorch
from senet_np.settings import NET_NAMES
from senet_np.train.optimizers import Lookahead, decayed
from senet_np.train.schedule import SCHEDULES
from senet_np.tree import tree_items

WARM_UP = 3  # steps before a step is recorded for the GPU to repeat
AHEAD = 50  # steps that a GPU is told of before it has taken them
ALIGNED = 64  # a parameter begins at a multiple of this in the vector of all, as the GPU's fastest convolutions want it
AT_ONCE = 5000  # test images


ONE_THREAD = ThreadPoolExecutor(1)


def alone(f: Callable[..., Any], *args: Any) -> Any:
    """f(*args), and nothing else of the kind at the same time: all that a GPU does, except for recorded steps.

    CUDA refuses other work on its default stream while a step is being recorded. Always the same thread, as PyTorch
    remembers by thread which algorithm was the fastest for a convolution.
    """
    return ONE_THREAD.submit(f, *args).result()


class MicroBatchNorm(nn.BatchNorm2d):
    """Batch norm that normalizes within each micro-batch and averages their statistics, as `train/loop.py` does."""

    micro_batch = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) → (N, C, H, W)."""
        if not self.training:
            return super().forward(x)
        outputs, statistics = [], []
        for part in x.split(self.micro_batch):
            new = torch.stack([self.running_mean, self.running_var])
            outputs.append(F.batch_norm(part, *new, self.weight, self.bias, True, self.momentum, self.eps))
            statistics.append(new)
        mean, var = torch.stack(statistics).mean(0)
        self.running_mean.copy_(mean)
        self.running_var.copy_(var)
        return torch.cat(outputs)


class Twin:
    """A run's twin in PyTorch.

    Args:
        model: the untrained model in NumPy.
        dataset: what to train on.
        padded: all its training images as `pad` gives them, on the device that is to compute.
    """

    def __init__(self, model: Model, dataset: Dataset, padded: torch.Tensor):
        s = self.settings = model.settings
        self.padded, self.device = padded, padded.device
        self.labels = self._put(dataset.with_first(s.train_images).train.labels)
        self.batches = len(self.labels) // s.batch_size
        self.mean, self.std = (self._put(array) for array in model.normalizer)

        self.net = build({name: getattr(s, name) for name in NET_NAMES}).to(self.device).train()
        weights = {name: self._put(array) for name, array in to_pytorch(model.params, model.state).items()}
        self.net.load_state_dict(weights, strict=False)  # it lacks the counters of batch norm
        for layer in self.net.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.__class__, layer.micro_batch = MicroBatchNorm, s.micro_batch

        # All parameters are parts of one vector, so that an update is a few operations.
        items, named = [*tree_items(model.params)], dict(self.net.named_parameters())
        self.params = [named[pytorch_name(path, array)[0]] for path, array in items]
        sizes = [-(-p.numel() // ALIGNED) * ALIGNED for p in self.params]
        decay = [s.weight_decay * decayed(array) for _, array in items]
        rate = [s.bn_bias_lr if path.endswith("beta") else 1 for path, _ in items]
        self.decay, self.rate = self._put(np.repeat(np.array([decay, rate], np.float32), sizes, axis=1))
        self.gaps = [self.decay.new_zeros(n - p.numel()) for n, p in zip(sizes, self.params, strict=True)]
        self.fast = self._as_vector([p.detach() for p in self.params])
        for p, part in zip(self.params, self.fast.split(sizes), strict=True):
            p.data = as_shape(part[: p.numel()], p)
        self.velocity, self.slow = torch.zeros_like(self.fast), self.fast.clone()
        self.step, self.by_step = torch.zeros(1, dtype=torch.int64, device=self.device), self._put(self._by_step())
        self.plan = self._plan(0)

    def _put(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def _as_vector(self, arrays: Sequence[torch.Tensor]) -> torch.Tensor:
        parts = ([as_vector(array), gap] for array, gap in zip(arrays, self.gaps, strict=True))
        return torch.cat([*chain.from_iterable(parts)])

    def _by_step(self) -> np.ndarray:
        """(3, steps): the rate; how far slow weights move towards the fast ones, and these towards the slow ones."""
        s, steps = self.settings, self.settings.epochs * self.batches
        rate = [SCHEDULES[s.schedule](k, steps, s.lr) for k in range(steps)]
        number = np.arange(1, steps + 1)
        back = s.lookahead * (number % Lookahead.EVERY == 0)
        follow = back * (1 - Lookahead.DECAY**Lookahead.EVERY * (number / steps) ** 3)
        back[-1], follow[-1] = s.lookahead, 0
        return np.array([rate, follow, back], np.float32)

    def _plan(self, epoch: int) -> list[torch.Tensor]:
        """For each minibatch of an epoch: indices of its images, which are mirrored, and where the crops begin."""
        s = self.settings
        how = Augmentation(s.flip, s.shift, s.border) if s.augment else None
        plan = plan_epoch(len(self.labels), s.seed, epoch, how)
        order = plan.order[: self.batches * s.batch_size].reshape(self.batches, s.batch_size)
        flips = np.zeros(order.shape, bool) if plan.flips is None else plan.flips[order]
        shifts = np.full((*order.shape, 2), s.shift) if plan.shifts is None else plan.shifts[order]
        return [self._put(array) for array in (order, flips, shifts)]

    def take_step(self) -> None:
        """One minibatch: images, forward, loss, backward, update; the equations are those of `train/optimizers.py`."""
        s, batch = self.settings, self.step % self.batches
        index, flip, shift = (each.index_select(0, batch)[0] for each in self.plan)
        height, width = (n - 2 * s.shift for n in self.padded.shape[1:3])
        rows = shift[:, :1] + torch.arange(height, device=self.device)
        cols = shift[:, 1:] + torch.arange(width, device=self.device)
        cols = torch.where(flip[:, None], cols.flip(1), cols)
        pixels = self.padded[index[:, None, None], rows[:, :, None], cols[:, None, :]]

        logits = self.net(self._input(pixels))
        loss = F.cross_entropy(logits, self.labels[index], label_smoothing=s.label_smoothing)
        grads = self._as_vector(torch.autograd.grad(loss, self.params))

        lr, follow, back = self.by_step.index_select(1, self.step)
        g = grads + self.decay * self.fast
        self.velocity.mul_(s.momentum).add_(g)
        self.fast.sub_(lr * self.rate * (g + s.momentum * self.velocity))
        self.slow.lerp_(self.fast, follow)
        self.fast.lerp_(self.slow, back)
        self.step.add_(1)

    def _input(self, pixels: torch.Tensor) -> torch.Tensor:
        return ((pixels.float() - self.mean) / self.std).permute(0, 3, 1, 2)

    def train(self) -> int:
        """Train to the end; the number of steps."""
        stream = torch.cuda.Stream() if self.device.type == "cuda" else None
        take = alone(self._recorded, stream) if stream else self.take_step
        with torch.cuda.stream(stream):
            for epoch in range(self.settings.epochs):
                for here, new in zip(self.plan, self._plan(epoch), strict=True):
                    here.copy_(new)  # in place, as a recorded step reads these very arrays
                for batch in range(self.batches):
                    take()
                    if stream and batch % AHEAD == 0:
                        stream.synchronize()
        if stream:
            stream.synchronize()
        return int(self.step)

    def _recorded(self, stream: Any) -> Callable[[], None]:
        """`take_step` as a graph that the GPU repeats by itself. To record it, it is tried; nothing of that remains."""
        moved = [self.fast, self.velocity, self.slow, self.step, *self.net.buffers()]
        before = [array.clone() for array in moved]
        torch.cuda.synchronize()
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self.take_step()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            self.take_step()
        for array, old in zip(moved, before, strict=True):
            array.copy_(old)
        torch.cuda.synchronize()
        return graph.replay

    @torch.no_grad()
    def classify(self, images: torch.Tensor) -> torch.Tensor:
        """The logits of images (N, H, W, 3) uint8 on the device, with running statistics."""
        self.net.eval()
        return torch.cat([self.net(self._input(part)) for part in images.split(AT_ONCE)])


def as_vector(array: torch.Tensor) -> torch.Tensor:
    """A parameter's numbers in a row; of a kernel (Cout, Cin, kh, kw) with the input channels last."""
    return (array.permute(0, 2, 3, 1) if array.dim() == 4 else array).reshape(-1)


def as_shape(vector: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The inverse of `as_vector`, without a copy."""
    if like.dim() != 4:
        return vector.view(like.shape)
    c_out, c_in, height, width = like.shape
    return vector.view(c_out, height, width, c_in).permute(0, 3, 1, 2)


def pad(images: np.ndarray, shift: int, border: str) -> np.ndarray:
    """The training images with the border that crops may show."""
    around = (shift, shift)
    return np.pad(images, ((0, 0), around, around, (0, 0)), "reflect" if border == "reflect" else "constant")
