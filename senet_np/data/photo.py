"""A photo of the user's own, as the network sees it: cut to a square in the middle, and made small.

Pillow reads it; Matplotlib needs Pillow too, so it is always installed.
"""

import contextlib
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import SenetError
from ..files import check_is_file

SMALL_SIDE = 32  # pixels: what the network sees
MAX_SHOWN_SIDE = 512  # pixels: what a figure shows of the photo itself
REDUCED_SIDE = 2048  # pixels: a longer side of twice that is halved, of three times that divided by three ...
# Not all that Pillow knows: EPS, for one, would be handed to another program, which runs what it says.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "JPEG2000", "AVIF")


class Photo(NamedTuple):
    """An image to follow through the network: a photo, or an image of a data set."""

    small: np.ndarray  # (32, 32, 3) uint8: what the network sees
    shown: np.ndarray  # (h, w, 3) uint8: what a person sees
    name: str  # for titles: "validation image 7 (cat)", "photo.jpg"
    truth: str | None = None  # its class, where it is known


def read_photo(path: Path) -> Photo:
    """Read a photo of any size: turned upright, on white where it is transparent, cut to a square, made small."""
    from PIL import Image, ImageOps

    check_is_file(path)
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]  # which it has depends on how it was built
    try:
        with warnings.catch_warnings(), Image.open(path, formats=formats) as image:
            warnings.simplefilter("error", Image.DecompressionBombWarning)  # above 90 million pixels
            image.load()  # here: asked again, Pillow would give what it had of an image that breaks off
            layer = _eight_bits(_reduced(image))
            with contextlib.suppress(Exception):  # where its EXIF is damaged, which says nothing about the pixels
                layer = ImageOps.exif_transpose(layer)
            layer = layer.convert("RGBA")
            photo = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
            side = min(photo.size)
            left, top = (photo.width - side) // 2, (photo.height - side) // 2
            middle = photo.crop((left, top, left + side, top + side))  # first, so that nothing from outside bleeds in
            small = middle.resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
            photo.thumbnail((MAX_SHOWN_SIDE, MAX_SHOWN_SIDE))
    except FileNotFoundError:
        raise SenetError(f"{path} does not exist: name an image file, or the number of a validation image") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise SenetError(f"{path} is too large an image ({error}): make it smaller first") from error
    except Exception as error:  # Pillow has many ways to say no
        reason = " ".join(str(error).split())[:160]
        raise SenetError(f"{path} cannot be read as an image ({reason}): take a JPEG or PNG file") from error
    name = "".join(letter if letter.isprintable() else "?" for letter in path.name)
    return Photo(np.asarray(small), np.asarray(photo), name)


def sample_photo() -> Photo | None:
    """The photo of a person that comes with Matplotlib, where there is nothing else to show; None without it."""
    from matplotlib import get_data_path

    path = Path(get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return read_photo(path)._replace(name="a photo of a person") if path.is_file() else None


def _reduced(image: Any) -> Any:
    """A large image made smaller by a whole number before it is copied: its copies are what takes memory."""
    factor = max(image.size) // REDUCED_SIDE
    if factor < 2 or image.mode.startswith("I;16"):
        return image
    return (image.convert("RGBA") if image.mode in ("1", "P", "PA") else image).reduce(factor)


def _eight_bits(image: Any) -> Any:
    """Pillow would cut 16-bit grays off at 255 and floats too."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        values = np.asarray(image, np.float64)
        low, high = np.nanmin(values), np.nanmax(values)
        return Image.fromarray((255 * np.nan_to_num((values - low) / ((high - low) or 1))).astype(np.uint8))
    return image
