"""A photo of the user's own, as the network is shown it: cut to a square in the middle, and made small.

Pillow reads it; Matplotlib needs Pillow too, so it is always there.
"""

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import SenetError
from ..files import check_is_file

LARGE = 2048  # pixels: a longer side of twice that is halved, of three times that divided by three ...
SHOWN = 512  # pixels: the longer side of what a figure shows of the photo itself
# Not all that Pillow knows: EPS, for one, would be handed to another program, which runs what it says.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "JPEG2000", "AVIF")
SIXTEEN_BITS = 257  # 65535 / 255


class Picture(NamedTuple):
    """A picture to follow through the network."""

    small: np.ndarray  # (size, size, 3) uint8: what the network sees
    shown: np.ndarray  # (h, w, 3) uint8: what a person sees
    name: str  # for titles: "validation image 7 (cat)", "photo.jpg"
    truth: str | None = None  # its class, where it is known


def read_photo(path: Path, size: int = 32) -> Picture:
    """Read a photo of any size: turned upright, on white where it is transparent, cut to a square, made small.

    Args:
        path: a file that Pillow can read.
        size: pixels a side of what the network sees.

    Returns:
        The photo.

    Raises:
        SenetError: there is no such file, it is no picture, or it is too large to be one.
    """
    from PIL import Image, ImageOps

    check_is_file(path)
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]  # which it has depends on how it was built
    try:
        with warnings.catch_warnings(), Image.open(path, formats=formats) as image:
            warnings.simplefilter("error", Image.DecompressionBombWarning)  # above 90 million pixels
            image.load()  # here: asked again, Pillow would give what it had of a picture that breaks off
            layer = _upright(_eight_bits(_reduced(image), Image), ImageOps).convert("RGBA")
            photo = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
            side = min(photo.size)
            left, top = (photo.width - side) // 2, (photo.height - side) // 2
            middle = photo.crop((left, top, left + side, top + side))  # first, so that nothing from outside bleeds in
            small = middle.resize((size, size), Image.Resampling.LANCZOS)
            photo.thumbnail((SHOWN, SHOWN))
    except FileNotFoundError:
        raise SenetError(f"{path} does not exist: name a picture file, or the number of a validation image") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise SenetError(f"{path} is too large a picture ({error}): make it smaller first") from error
    except Exception as error:  # Pillow has many ways to say no
        reason = " ".join(str(error).split())[:160]
        raise SenetError(f"{path} cannot be read as a picture ({reason}): take a JPEG or PNG file") from error
    name = "".join(letter if letter.isprintable() else "?" for letter in path.name)
    return Picture(np.asarray(small), np.asarray(photo), name)


def sample_photo(size: int = 32) -> Picture | None:
    """The photo of a person that comes with Matplotlib, for where there is nothing else to show; None without it."""
    from matplotlib import get_data_path

    path = Path(get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return read_photo(path, size)._replace(name="a photo of a person") if path.is_file() else None


def _reduced(image: Any) -> Any:
    """A large picture made smaller by a whole number, before it is copied: its copies are what takes memory."""
    factor = max(image.size) // LARGE
    if factor < 2:
        return image
    if image.mode in ("1", "P", "PA"):
        image = image.convert("RGBA")
    return image if image.mode.startswith("I;16") else image.reduce(factor)


def _upright(image: Any, operations: Any) -> Any:
    """Turned as its EXIF says; as it is where that is damaged, which says nothing about the pixels."""
    try:
        return operations.exif_transpose(image)
    except Exception:
        return image


def _eight_bits(image: Any, pillow: Any) -> Any:
    """Pillow would cut 16-bit grays off at 255 and floats too."""
    if image.mode.startswith("I;16"):
        return pillow.fromarray((np.asarray(image) // SIXTEEN_BITS).astype(np.uint8))
    if image.mode in ("I", "F"):
        values = np.asarray(image, np.float64)
        low, high = np.nanmin(values), np.nanmax(values)
        return pillow.fromarray((255 * np.nan_to_num((values - low) / ((high - low) or 1))).astype(np.uint8))
    return image
