"""Photos: image files of any kind and size, read safely, and as the network sees them.

Pillow reads it; Matplotlib needs Pillow too, so it is always installed.
"""

import contextlib
import re
import struct
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import SenetError
from ..files import check_is_file
from .view import SMALL, View

MAX_SHOWN_SIDE = 512  # pixels: what a figure shows of the photo itself
MAX_PIXELS = 89_000_000  # of an image that is read: 270 MB; Pillow's own limit, half a million above, may be off
REDUCED_SIDE = 2048  # pixels: a longer side of twice that is halved, ...; the shorter one stays above half of it
# Not all that Pillow knows: EPS, for one, would be handed to another program, which runs what it says.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "JPEG2000", "AVIF")
ORIENTATION = 0x0112  # the EXIF tag that says how the camera was held
TIFF_BITS, TIFF_COLORS, TIFF_SIGN = 258, 262, 339  # tags: bits that count, 0 where 0 is white, 1 where none is below 0
# What people try too, known by its first bytes.
NO_IMAGES = {
    rb"^$": "it is empty",
    rb"(?s)^.{4}ftyp(he|mif1|msf1)": "it is a HEIC photo",
    rb"(?s)^.{4}ftyp(iso|mp4|qt)": "it is a video",
    rb"^\s*%PDF-": "it is a PDF document",
    rb"<svg\b": "it is an SVG drawing",
}


class Photo(NamedTuple):
    """An image to follow through the network: a photo, or an image of a data set."""

    small: np.ndarray  # (s, s, 3) uint8: what the network sees
    shown: np.ndarray  # (h, w, 3) uint8: what a person sees
    name: str  # for titles: "validation image 7 (cat)", "photo.jpg"
    truth: str | None = None  # its class, where it is known


def read_photo(path: Path, view: View = SMALL) -> Photo:
    """Read a photo of any size, resized and cut as a network wants it, and beside it as a person sees it."""
    image = open_image(path)
    small = np.asarray(view.apply(image))
    image.thumbnail((MAX_SHOWN_SIDE, MAX_SHOWN_SIDE))
    name = "".join(letter if letter.isprintable() else "?" for letter in path.name)
    return Photo(small, np.asarray(image), name)


def open_image(path: Path) -> Any:
    """Read an image of any size and kind: an RGB image of Pillow's, turned upright, on white where it is transparent.

    Raises:
        SenetError: it does not exist, is too large, or cannot be read as an image.
    """
    from PIL import Image, ImageOps

    check_is_file(path)
    try:
        with open(path, "rb") as file:
            image = _open(file)
            if image.width * image.height > MAX_PIXELS:
                size = f"{image.width:,} × {image.height:,} pixels, more than {MAX_PIXELS // 10**6} million"
                raise SenetError(f"{path} is too large an image ({size}): make it smaller first")
            image.load()  # here: asked again, Pillow would give what it had of an image that breaks off
            layer = _stretched(_reduced(_plain(image))).convert("RGBA")
            photo = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
            with contextlib.suppress(Exception):  # where its EXIF is damaged, which says nothing about the pixels
                photo.getexif()[ORIENTATION] = image.getexif()[ORIENTATION]  # which the steps before may have lost
                photo = ImageOps.exif_transpose(photo)
            return photo
    except FileNotFoundError:
        raise SenetError(f"{path} does not exist: name an image file, or the number of a validation image") from None
    except (SenetError, MemoryError):
        raise
    except Exception as error:  # Pillow has many ways to say no
        reason = " ".join(str(error).split())[:160]
        raise SenetError(f"{path} cannot be read as an image ({reason}): save it as JPEG or PNG") from error


def sample_photo(view: View = SMALL) -> Photo | None:
    """The photo of a person that comes with Matplotlib, where there is nothing else to show; None without it."""
    from matplotlib import get_data_path

    path = Path(get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return read_photo(path, view)._replace(name="a photo of a person") if path.is_file() else None


def _open(file: IO[bytes]) -> Any:
    """What Pillow's `open` does, but for its check of the size, which is a warning, an error or off, as others like."""
    from PIL import Image

    Image.init()
    start = file.read(512)
    for make, accepts in (Image.OPEN[name] for name in FORMATS if name in Image.OPEN):  # as Pillow was built
        with contextlib.suppress(SyntaxError, LookupError, TypeError, struct.error):  # of another format after all
            if accepts is None or accepts(start[:16]) is True:  # a text says why Pillow cannot
                file.seek(0)
                return make(file, "")
    raise ValueError(next((what for key, what in NO_IMAGES.items() if re.search(key, start)), "of no known format"))


def _plain(image: Any) -> Any:
    """Grays of more than 8 bits as they are meant: Pillow would cut them off at 255, and it passes over three things.

    A TIFF says how many bits count (12 of 16), whether 0 is white, and whether its 32 bits have a sign; a PNG, which
    gray is transparent.
    """
    from PIL import Image

    if not image.mode.startswith(("I", "F")):
        return image
    values, tags = np.asarray(image), getattr(image, "tag_v2", {})
    white_is_zero = tags.get(TIFF_COLORS) == 0
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        largest = 2 ** tags.get(TIFF_BITS, (16,))[0] - 1
        grays = (values // (largest / 255)).astype(np.uint8)
        plain = Image.fromarray(255 - grays if white_is_zero else grays)
        if "transparency" in image.info:
            plain.putalpha(Image.fromarray(np.where(values == image.info["transparency"], 0, 255).astype(np.uint8)))
        return plain
    if image.mode == "I" and tags.get(TIFF_BITS) == (32,) and tags.get(TIFF_SIGN, (1,)) == (1,):
        values = values.view(np.uint32)
    elif not white_is_zero:
        return image
    return Image.fromarray(values.astype(np.float32) * (-1 if white_is_zero else 1))


def _reduced(image: Any) -> Any:
    """A large image made smaller by a whole number before it is copied: its copies are what takes memory."""
    factor = min(max(image.size) // REDUCED_SIDE, min(image.size) // (REDUCED_SIDE // 2))
    if factor < 2:
        return image
    return (image.convert("RGBA") if image.mode in ("1", "P", "PA") else image).reduce(factor)


def _stretched(image: Any) -> Any:
    """Numbers of 32 bits have no white of their own: their smallest becomes black, their largest white."""
    from PIL import Image

    if image.mode not in ("I", "F"):
        return image
    values = np.asarray(image, np.float64)
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0, 1)
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    return Image.fromarray((255 * ((values - low) / ((high - low) or 1))).astype(np.uint8))
