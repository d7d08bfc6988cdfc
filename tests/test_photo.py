"""A photo of the user's own: any size, any mode, upright, cut to its middle; or one clear sentence."""

import numpy as np
import pytest
from PIL import Image

from senet_np.data.photo import read_photo, sample_photo
from senet_np.errors import SenetError


def saved(path, pixels, mode="RGB", **options):
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


def halves(height, width):
    """Red at the left, blue at the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0], pixels[:, width // 2 :, 2] = 255, 255
    return pixels


@pytest.mark.parametrize("size", [(1, 1), (7, 1000), (32, 32), (600, 400)], ids=str)
def test_a_photo_of_any_size_becomes_what_the_net_sees(tmp_path, size):
    picture = read_photo(saved(tmp_path / "a.png", np.full((*size, 3), 200, np.uint8)))
    assert picture.small.shape == (32, 32, 3)
    assert picture.small.dtype == np.uint8
    assert (picture.small == 200).all()
    assert max(picture.shown.shape[:2]) <= 512


def test_it_is_cut_to_the_square_in_its_middle(tmp_path):
    wide = np.zeros((50, 150, 3), np.uint8)
    wide[:, 50:100] = 255
    assert (read_photo(saved(tmp_path / "a.png", wide)).small == 255).all()


def test_a_photo_that_lies_on_its_side_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter turn to the right
    small = read_photo(saved(tmp_path / "a.png", halves(64, 64), exif=exif)).small
    assert (small[5, 16] == [255, 0, 0]).all()
    assert (small[26, 16] == [0, 0, 255]).all()


def test_a_large_photo_that_is_shrunk_first_is_turned_upright_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    small = read_photo(saved(tmp_path / "a.png", halves(4200, 4200), exif=exif)).small
    assert (small[5, 16] == [255, 0, 0]).all()
    assert (small[26, 16] == [0, 0, 255]).all()


def test_what_is_transparent_is_white(tmp_path):
    pixels = np.zeros((40, 40, 4), np.uint8)
    assert (read_photo(saved(tmp_path / "a.png", pixels, "RGBA")).small == 255).all()


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_every_kind_of_picture_is_read(tmp_path, mode):
    path = saved(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"), np.full((40, 40, 3), 255, np.uint8), mode)
    assert (read_photo(path).small == 255).all()


def test_grays_of_16_bits_are_not_cut_off_at_255(tmp_path):
    Image.fromarray(np.full((40, 40), 128 * 257, np.uint16)).save(tmp_path / "a.png")
    assert (read_photo(tmp_path / "a.png").small == 128).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no picture", "cannot be read as a picture"), (b"", "cannot be read"), (None, "does not exist")],
)
def test_what_is_no_picture_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "a.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SenetError, match=message) as error:
        read_photo(path)
    assert "\n" not in str(error.value)


def test_a_picture_that_breaks_off_is_refused(tmp_path):
    path = saved(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SenetError, match="cannot be read as a picture"):
        read_photo(path)


@pytest.mark.parametrize("ending", ["png", "jpeg", "gif", "tiff", "bmp", "webp"])
def test_half_a_picture_is_no_picture(tmp_path, ending):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole", ending)
    content = (tmp_path / "whole").read_bytes()
    (tmp_path / "half").write_bytes(content[: len(content) // 2])
    with pytest.raises(SenetError, match="cannot be read as a picture"):
        read_photo(tmp_path / "half")


def test_a_flipped_bit_of_a_png_is_noticed(tmp_path):
    rng = np.random.default_rng(0)
    path = saved(tmp_path / "a.png", rng.integers(0, 256, (50, 70, 3), dtype=np.uint8))
    good = path.read_bytes()
    for place in rng.integers(8 * len(good), size=40):
        path.write_bytes(good[: place // 8] + bytes([good[place // 8] ^ 1 << place % 8]) + good[place // 8 + 1 :])
        with pytest.raises(SenetError):
            read_photo(path)


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(SenetError, match="is not a file"):
        read_photo(tmp_path)


def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(SenetError, match="too large a picture"):
        read_photo(saved(tmp_path / "a.png", np.zeros((40, 40, 3), np.uint8)))


def test_there_is_a_photo_where_there_is_no_other():
    picture = sample_photo()
    assert picture is not None
    assert picture.small.shape == (32, 32, 3)
