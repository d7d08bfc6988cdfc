"""Global changes of images: what happens to a photo in other light, through another lens or on another sensor.

Each changes a whole image in one way, at several strengths. An SE block sees the mean of every channel over the whole
image, so it could notice such a change and correct for it; a convolution sees a few pixels. `compare` measures whether
networks with SE lose less by them than those without.
"""

from collections.abc import Callable

import numpy as np

Rng = np.random.Generator
SEED = 0  # the same test images for every network


def brightness(x: np.ndarray, strength: float, rng: Rng) -> np.ndarray:
    """Lighter, or darker where `strength` is negative: x + strength · 255."""
    return x + 255 * strength


def contrast(x: np.ndarray, strength: float, rng: Rng) -> np.ndarray:
    """Flatter: every pixel this share of the way to the image's mean."""
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    return mean + (1 - strength) * (x - mean)


def color_cast(x: np.ndarray, strength: float, rng: Rng) -> np.ndarray:
    """Other light: red, green and blue of an image each times its own factor, drawn from 1 ± strength."""
    return x * rng.uniform(1 - strength, 1 + strength, (len(x), 1, 1, 3))


def blur(x: np.ndarray, strength: float, rng: Rng) -> np.ndarray:
    """Out of focus: averaged with the neighbors, by weights ¼, ½, ¼ in both directions, `strength` times."""
    for _ in range(int(strength)):
        for axis in (1, 2):
            edges = [(1, 1) if k == axis else (0, 0) for k in range(4)]
            padded, n = np.pad(x, edges, "edge"), x.shape[axis]
            before, same, after = (padded.take(range(k, k + n), axis) for k in range(3))
            x = (before + 2 * same + after) / 4
    return x


def noise(x: np.ndarray, strength: float, rng: Rng) -> np.ndarray:
    """A bad sensor: a normal number of standard deviation strength · 255 on every number."""
    return x + 255 * strength * rng.standard_normal(x.shape)


Change = Callable[[np.ndarray, float, Rng], np.ndarray]
CHANGES: dict[str, tuple[Change, float]] = {  # by name: what is done, and how strongly
    **{f"brightness {s:+g}": (brightness, s) for s in (-0.3, -0.15, 0.15, 0.3)},
    **{f"contrast -{s:g}": (contrast, s) for s in (0.3, 0.6, 0.8)},
    **{f"color cast {s:g}": (color_cast, s) for s in (0.2, 0.4, 0.6)},
    **{f"blur {s:g}": (blur, s) for s in (1, 2, 3)},
    **{f"noise {s:g}": (noise, s) for s in (0.02, 0.04, 0.08)},
}


def changed(images: np.ndarray, name: str) -> np.ndarray:
    """Images (N, H, W, 3) uint8 under the change of that name in CHANGES: uint8 again, rounded and cut to 0 to 255."""
    change, strength = CHANGES[name]
    rng, out = np.random.default_rng(SEED), np.empty_like(images)
    for start in range(0, len(images), 500):  # a part at a time, to save memory
        x = change(images[start : start + 500].astype(np.float64), strength, rng)
        out[start : start + 500] = np.clip(np.rint(x), 0, 255)
    return out
