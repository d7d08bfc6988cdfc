"""`shapes`: a ten-class set of images made by NumPy from a seed, for machines without CIFAR-10.

**The task was built for gating.** Each 32×32 image holds two textured squares, one painted orange and
one painted blue, under a sky that is orange or blue. The label is the texture of the square that has the color of
the sky:

    rows  0–4    the sky: orange or blue
    rows  5–18   gray haze
    rows 19–31   an orange square and a blue one, side by side in either order, with two different textures

Why a net without SE must fail. A unit of the tiny net's last stage sees 18×18 pixels. None sees both the sky and a
square: a unit that reaches row 4 or above ends at row 18 or above. What follows is a sum over positions and a linear
head, so without SE each logit is A(squares) + B(sky), and the sky can only favor some textures over others. For two
textures a, b there are two images in which the sky alone decides; B gets both right if it favors the right one of
the two, else A gets one. That is 3/4 at the very best, and training finds less. A net with SE reads the sky in the
squeeze and shuts the channels of the other color. So the set shows what a gate *can* do; it says nothing about how
often photographs need one. A net whose units see the whole image solves it without a gate as well.

Measured: tiny net, default settings (3 epochs of 4,000 images), n = 10 seeds, 2,000 test images, by
`python -m senet_np compare docs/comparisons/shapes-se.toml`:

    net                    parameters   test accuracy, mean ± sd   minus "without SE", paired, 95 % interval
    SE, r = 4                 105,794            99.78 ± 0.20 %   +51.35 ± 0.47 points
    without SE                 94,762            48.44 ± 0.56 %
    without SE, widened       106,180            48.55 ± 0.72 %    +0.12 ± 0.48 points, no difference seen
"""

from collections.abc import Callable

import numpy as np

from .dataset import Dataset, Split

SIZE = 32
SKY_ROWS = 5  # rows 0 to 4
GROUND_ROW = 19  # the squares' first possible row
SIDE = 12  # of a square, pixels
PAINT = np.array([[1.0, 0.55, 0.1], [0.1, 0.55, 1.0]])  # orange, blue: with the same mean of their three numbers

# A texture is a rule on the pixel's row i and column j inside the square: True is bright paint, False dark paint.
TEXTURES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "fine rows": lambda i, j: i % 2 < 1,
    "fine columns": lambda i, j: j % 2 < 1,
    "broad rows": lambda i, j: i % 4 < 2,
    "broad columns": lambda i, j: j % 4 < 2,
    "rising lines": lambda i, j: (i + j) % 4 < 2,
    "falling lines": lambda i, j: (i - j) % 4 < 2,
    "checks": lambda i, j: (i // 2 + j // 2) % 2 < 1,
    "dots": lambda i, j: (i % 4 < 2) & (j % 4 < 2),
    "grid": lambda i, j: (i % 4 < 1) | (j % 4 < 1),
    "plain": lambda i, j: i >= 0,
}
CLASSES = tuple(TEXTURES)


def make_shapes(n: int, rng: np.random.Generator) -> Split:
    """Draw images (n, 32, 32, 3) uint8 and their labels (n,) int64, 0 to 9, each class equally likely."""
    labels, others = _two_textures(n, rng)
    sky = rng.integers(2, size=n)  # which paint the sky has, and so which square is meant
    meant_side = rng.integers(2, size=n)  # whether the meant square stands left or right

    images = np.full((n, SIZE, SIZE, 3), 0.5)
    images[:, :SKY_ROWS] = (PAINT[sky] * rng.uniform(0.7, 1.0, size=(n, 1)))[:, None, None, :]
    for textures, paints, sides in ((labels, sky, meant_side), (others, 1 - sky, 1 - meant_side)):
        for k in range(n):
            top = GROUND_ROW + rng.integers(SIZE - GROUND_ROW - SIDE + 1)
            left = 16 * sides[k] + rng.integers(16 - SIDE + 1)
            images[k, top : top + SIDE, left : left + SIDE] = _square(int(textures[k]), PAINT[paints[k]], rng)
    images += rng.normal(0, 0.08, size=(n, SIZE, SIZE, 1))  # gray noise: it blurs textures, not hues
    return Split((255 * images.clip(0, 1)).round().astype(np.uint8), labels)


def other_labels(n: int, rng: np.random.Generator) -> np.ndarray:
    """The right labels, (n,) int64, if every sky of `make_shapes(n, rng)` were repainted; rng as it was before that."""
    return _two_textures(n, rng)[1]


def swap_sky(images: np.ndarray) -> np.ndarray:
    """Repaint the sky of images (n, 32, 32, 3) from orange to blue or from blue to orange, and nothing else.

    Each paint is the other with red and blue exchanged, and so is the repainted sky. The right label changes with it:
    now the other square is meant (`other_labels`).
    """
    swapped = images.copy()
    swapped[:, :SKY_ROWS] = images[:, :SKY_ROWS, :, ::-1]
    return swapped


def both_skies(images: np.ndarray) -> np.ndarray:
    """The same images (n, 32, 32, 3) all under an orange sky, then all under a blue one: (2, n, 32, 32, 3) uint8."""
    red_minus_blue = images[:, :SKY_ROWS, :, 0].astype(float) - images[:, :SKY_ROWS, :, 2]
    is_orange = (red_minus_blue.mean(axis=(1, 2)) > 0)[:, None, None, None]
    swapped = swap_sky(images)
    return np.stack([np.where(is_orange, images, swapped), np.where(is_orange, swapped, images)])


def load_shapes(seed: int = 0, sizes: tuple[int, int, int] = (4000, 1000, 2000)) -> Dataset:
    """Make the set of a seed, the same everywhere, with so many images to train on, to validate on and to test on."""
    streams = np.random.SeedSequence(seed).spawn(3)
    splits = [make_shapes(n, np.random.default_rng(stream)) for n, stream in zip(sizes, streams, strict=True)]
    origin = f"senet_np.data.load_shapes(seed={seed}, sizes={sizes})"
    return Dataset("shapes", CLASSES, *splits, provenance="made by NumPy", origin=origin, fingerprint=origin)


def _two_textures(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.integers(10, size=n)
    return labels, (labels + rng.integers(1, 10, size=n)) % 10


def _square(texture: int, paint: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    i, j = np.ogrid[:SIDE, :SIDE]
    down, across = rng.integers(4, size=2)  # where the pattern begins is chance; all periods divide 4
    bright = np.broadcast_to(TEXTURES[CLASSES[texture]](i + down, j + across), (SIDE, SIDE))
    light, dark = rng.uniform(0.8, 1.0), rng.uniform(0.3, 0.6)
    return paint * np.where(bright, light, dark)[:, :, None]
