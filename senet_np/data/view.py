"""How a network wants an image: resized by its shorter side, and its middle cut out."""

from typing import Any, NamedTuple

import numpy as np

FILTERS = ("lanczos", "bicubic", "bilinear")
MAX_ASPECT = 8  # of an image, longer side to shorter


class View(NamedTuple):
    """What becomes of an image of any size before a network sees it."""

    size: int  # height and width of what the network sees, pixels
    share: float = 1.0  # of the resized image's shorter side: below 1, a margin is cut off all around
    filter: str = "lanczos"  # by which it is resized, one of FILTERS

    @property
    def words(self) -> str:
        """In a sentence: "shorter side to 256 pixels (bilinear), then the middle 224×224"."""
        return f"shorter side to {self.short_side} pixels ({self.filter}), then the middle {self.size}×{self.size}"

    @property
    def short_side(self) -> int:
        """The shorter side after resizing, pixels."""
        return int(self.size / self.share)

    def apply(self, image: Any) -> Any:
        """Resize and crop an RGB image of Pillow's, whose own `crop` stops at a limit that users may set."""
        from PIL import Image

        def cut(image: Any, width: int, height: int) -> Any:
            left, top = round((image.width - width) / 2), round((image.height - height) / 2)
            return Image.fromarray(np.asarray(image)[top : top + height, left : left + width])

        short, long = sorted(image.size)
        if long > MAX_ASPECT * short:  # a strip would become many times as long: its middle is all that is wanted
            return self.apply(cut(image, *(min(side, MAX_ASPECT * short) for side in image.size)))
        longer = int(self.short_side * long / short)
        width, height = (self.short_side, longer) if image.width <= image.height else (longer, self.short_side)
        if (width, height) != image.size:
            image = image.resize((width, height), Image.Resampling[self.filter.upper()])
        return cut(image, self.size, self.size)


SMALL = View(32)  # for the networks on CIFAR-10 and shapes


def read_view(values: Any) -> View:
    """The view that a JSON list holds; ValueError where it cannot be one."""
    view = View(*values)
    if type(view.size) is not int or not 0.5 <= view.share <= 1 or view.filter not in FILTERS:
        raise ValueError(f"view is {values!r:.80}, expected a size, a share from 0.5 to 1, and one of {FILTERS}")
    return view
