"""A photo of the user's own: any size, any mode, upright, cut to its middle; or one clear sentence."""

import struct
import subprocess
import sys
import warnings

import numpy as np
import pytest
from faults import png
from PIL import Image, ImageCms

from senet_np.data import photo
from senet_np.data.photo import read_photo, sample_photo
from senet_np.errors import SenetError

NOISE = np.random.default_rng(0).integers(0, 256, (100, 140, 3), dtype=np.uint8)


def saved(path, pixels, mode="RGB", **options):
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


@pytest.mark.parametrize("size", [(1, 1), (7, 1000), (32, 32), (600, 400), (1, 20_000), (20_000, 1)], ids=str)
def test_a_photo_of_any_size_becomes_what_the_net_sees(tmp_path, size):
    read = read_photo(saved(tmp_path / "a.png", np.full((*size, 3), 200, np.uint8)))
    assert (read.small.shape, read.small.dtype) == ((32, 32, 3), np.uint8)
    assert (read.small == 200).all()
    assert max(read.shown.shape[:2]) <= 512


def test_it_is_cut_to_the_square_in_its_middle(tmp_path):
    wide = np.zeros((50, 150, 3), np.uint8)
    wide[:, 50:100] = 255
    small = read_photo(saved(tmp_path / "a.png", wide)).small
    assert (small[:, 2:-2] > 250).all()  # at its edges the filter sees what is beside it
    assert (small[:, [0, -1]] > 200).all()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("mode", ["RGB", "I;16", "I", "F"])
@pytest.mark.parametrize("side", [64, 4200], ids=["small", "shrunk first"])
def test_a_photo_that_lies_on_its_side_is_turned_upright(tmp_path, side, mode):
    white_left = Image.new("L", (side, side))
    white_left.paste(255, (0, 0, side // 2, side))
    image = Image.fromarray(np.asarray(white_left, np.uint16) * 257) if mode == "I;16" else white_left.convert(mode)
    path = tmp_path / ("a.png" if mode in ("RGB", "I;16") else "a.tif")
    image.save(path, exif=turned(6))  # the camera was turned: show it a quarter turn to the right
    assert read_photo(path).small[[5, 26], 16].tolist() == [[255] * 3, [0] * 3]


UPRIGHT = {  # what each orientation of EXIF does to pixels
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: np.rot90,
}
PNG, JPEG, TIFF = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), ("L", "RGB", "CMYK", "YCbCr"), ("I", "F", "LAB", "I;16")
HELD = [
    (mode, kind)
    for kind, modes in {"png": PNG, "jpeg": JPEG, "tiff": TIFF, "webp": ("RGBA",)}.items()
    for mode in modes
]


def in_mode(mode):
    noise = Image.fromarray(NOISE[:32, :32])
    match mode:
        case "I;16":
            return Image.fromarray(NOISE[:32, :32, 0] * np.uint16(257))
        case "I" | "F":
            return Image.fromarray(NOISE[:32, :32, 0].astype({"I": np.int32, "F": np.float32}[mode]))
        case "LAB":
            return ImageCms.profileToProfile(noise, *map(ImageCms.createProfile, ("sRGB", "LAB")), outputMode="LAB")
    return noise.convert(mode)


@pytest.mark.parametrize(("mode", "kind"), HELD)
def test_in_every_mode_and_orientation_the_same_pixels_stand_upright(tmp_path, mode, kind):
    image, path = in_mode(mode), tmp_path / "a"
    image.save(path, kind)
    as_it_lies = read_photo(path).small
    for orientation, upright in UPRIGHT.items():
        image.save(path, kind, exif=turned(orientation))
        np.testing.assert_array_equal(read_photo(path).small, upright(as_it_lies), f"orientation {orientation}")


@pytest.mark.parametrize("kind", ["gif", "webp", "png", "tiff"])
def test_of_an_animation_the_first_image_is_read(tmp_path, kind):
    red, blue = (Image.new("RGB", (40, 40), color) for color in ("red", "blue"))
    red.save(
        tmp_path / "a", kind, save_all=True, append_images=[blue], **({"lossless": True} if kind == "webp" else {})
    )
    assert (read_photo(tmp_path / "a").small == (255, 0, 0)).all()


def test_what_is_transparent_is_white(tmp_path):
    assert (read_photo(saved(tmp_path / "a.png", np.zeros((40, 40, 4), np.uint8), "RGBA")).small == 255).all()


def test_a_transparent_color_of_a_palette_is_white(tmp_path):
    saved(tmp_path / "a.png", np.zeros((40, 40), np.uint8), "P", transparency=0)
    assert (read_photo(tmp_path / "a.png").small == 255).all()


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_every_kind_of_image_is_read(tmp_path, mode):
    path = saved(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"), np.full((40, 40, 3), 255, np.uint8), mode)
    assert (read_photo(path).small == 255).all()


def test_grays_of_16_bits_are_not_cut_off_at_255(tmp_path):
    Image.fromarray(np.full((40, 40), 128 * 257, np.uint16)).save(tmp_path / "a.png")
    assert (read_photo(tmp_path / "a.png").small == 128).all()


RAMP = np.linspace(0, 1, 32)[None].repeat(32, axis=0)  # black at the left, white at the right


def tiff(values, bits, white_is_zero=False):
    """A TIFF of grays, whose tags say what Pillow's `save` cannot."""
    height, width = values.shape
    if bits == 12:
        one, two = values.reshape(-1, 2).T.astype(int)
        data = np.stack([one >> 4, (one & 15) << 4 | two >> 8, two & 255], axis=1).astype(np.uint8).tobytes()
    else:
        data = values.astype(f"<u{bits // 8}").tobytes()
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 0 if white_is_zero else 1, 273: 0, 277: 1, 278: height}
    tags[279] = len(data)
    tags[273] = 14 + 12 * len(tags)  # where the data begin
    entries = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + data


@pytest.mark.parametrize(
    ("bits", "white_is_zero"), [(8, False), (8, True), (12, False), (16, False), (16, True), (32, False)]
)
def test_a_tiff_says_how_many_bits_count_and_which_end_is_white(tmp_path, bits, white_is_zero):
    values = np.round((1 - RAMP if white_is_zero else RAMP) * (2**bits - 1))
    (tmp_path / "a.tif").write_bytes(tiff(values, bits, white_is_zero))
    np.testing.assert_allclose(read_photo(tmp_path / "a.tif").small[..., 0], 255 * RAMP, atol=1)


def test_a_pgm_of_16_bits_that_is_dark_stays_dark(tmp_path):
    (tmp_path / "a.pgm").write_bytes(b"P5 32 32 65535\n" + np.round(RAMP * 6553.5).astype(">u2").tobytes())
    np.testing.assert_allclose(read_photo(tmp_path / "a.pgm").small[..., 0], 25.5 * RAMP, atol=1)


def test_a_transparent_gray_of_16_bits_is_white(tmp_path):
    Image.fromarray(np.round(RAMP * 65535).astype(np.uint16)).save(tmp_path / "a.png", transparency=0)
    small = read_photo(tmp_path / "a.png").small[..., 0]
    assert (small[:, 0] == 255).all()
    np.testing.assert_allclose(small[:, 1:], 255 * RAMP[:, 1:], atol=1)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_read_without_a_warning(tmp_path, odd):
    for image in np.array([[0, 1, odd]], np.float32), np.full((3, 3), odd, np.float32):
        Image.fromarray(image).save(tmp_path / "a.tiff")
        with warnings.catch_warnings(), np.errstate(all="raise"):
            warnings.simplefilter("error")
            assert read_photo(tmp_path / "a.tiff").small.shape == (32, 32, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no image", r"cannot be read as an image \(of no known format\): save it as JPEG or PNG"),
        (b"", "it is empty"),
        (None, "does not exist"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "it is a HEIC photo"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(99), r"it is a HEIC photo\): save it as JPEG or PNG"),
        (b"\0\0\0\x18ftypisom\0\0\0\0mp42", "it is a video"),
        (b"\0\0\0\x18ftypavif\0\0\0\0avif", r"\((?!it is)"),
        (b"%PDF-1.7\n", "it is a PDF document"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "it is an SVG drawing"),
    ],
)
def test_what_is_no_image_is_refused_in_one_line(tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(SenetError, match=message) as error:
        read_photo(tmp_path / "a.jpg")
    assert "\n" not in str(error.value)


def test_a_format_that_pillow_was_built_without_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setitem(Image.OPEN, "BMP", (pytest.fail, lambda start: "BMP support is not installed"))
    with pytest.raises(SenetError, match="of no known format"):
        read_photo(saved(tmp_path / "a.bmp", NOISE))


@pytest.mark.parametrize("ending", ["png", "jpeg", "gif", "tiff", "bmp", "webp"])
def test_half_an_image_is_refused(tmp_path, ending):
    content = saved(tmp_path / f"whole.{ending}", NOISE).read_bytes()
    (tmp_path / "half").write_bytes(content[: len(content) // 2])
    with pytest.raises(SenetError, match="cannot be read as an image"):
        read_photo(tmp_path / "half")


def test_a_flipped_bit_of_a_png_is_noticed(tmp_path):
    path = saved(tmp_path / "a.png", NOISE)
    good = path.read_bytes()
    for place in np.random.default_rng(0).integers(8 * len(good), size=40):
        path.write_bytes(good[: place // 8] + bytes([good[place // 8] ^ 1 << place % 8]) + good[place // 8 + 1 :])
        with pytest.raises(SenetError):
            read_photo(path)


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(SenetError, match="is not a file"):
        read_photo(tmp_path)


SIZE = r"too large an image \(12,000 × 9,000 pixels, more than 89 million\): make it smaller first"


@pytest.mark.parametrize("limit", [1000, 10**9, None])
def test_an_image_of_108_million_pixels_is_refused_whatever_limit_pillow_has(tmp_path, monkeypatch, recwarn, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    png(12_000, 9_000)(tmp_path / "a.png", b"", np.random.default_rng())
    with pytest.raises(SenetError, match=SIZE):
        read_photo(tmp_path / "a.png")
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize("filters", ["default", "error", "ignore"])
def test_an_image_of_108_million_pixels_is_refused_in_any_process(tmp_path, filters):
    png(12_000, 9_000)(tmp_path / "a.png", b"", np.random.default_rng())
    program = "import sys, pathlib; from senet_np.data.photo import read_photo; read_photo(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-W", filters, "-c", program, tmp_path / "a.png"]
    lines = subprocess.run(command, capture_output=True, encoding="utf-8").stderr.splitlines()
    assert "too large an image" in lines[-1]
    assert "Warning" not in "".join(lines)


def test_the_limit_is_on_pixels_and_as_many_are_read(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.png", NOISE)
    monkeypatch.setattr(photo, "MAX_PIXELS", 100 * 140)
    read_photo(path)
    monkeypatch.setattr(photo, "MAX_PIXELS", 100 * 140 - 1)
    with pytest.raises(SenetError, match="140 × 100 pixels"):
        read_photo(path)


def test_a_limit_of_pillow_stops_no_photo_that_we_read(tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1)
    read_photo(saved(tmp_path / "a.png", NOISE))
    assert [str(warning.message) for warning in recwarn] == []


def test_there_is_a_photo_where_there_is_no_other():
    sample = sample_photo()
    assert sample is not None
    assert sample.small.shape == (32, 32, 3)
