"""A photo of the user's own: any size, any mode, upright, cut to its middle; or one clear sentence."""

import numpy as np
import pytest
from PIL import Image

from senet_np.data.photo import read_photo, sample_photo
from senet_np.errors import SenetError

NOISE = np.random.default_rng(0).integers(0, 256, (100, 140, 3), dtype=np.uint8)


def saved(path, pixels, mode="RGB", **options):
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


@pytest.mark.parametrize("size", [(1, 1), (7, 1000), (32, 32), (600, 400)], ids=str)
def test_a_photo_of_any_size_becomes_what_the_net_sees(tmp_path, size):
    photo = read_photo(saved(tmp_path / "a.png", np.full((*size, 3), 200, np.uint8)))
    assert (photo.small.shape, photo.small.dtype) == ((32, 32, 3), np.uint8)
    assert (photo.small == 200).all()
    assert max(photo.shown.shape[:2]) <= 512


def test_it_is_cut_to_the_square_in_its_middle(tmp_path):
    wide = np.zeros((50, 150, 3), np.uint8)
    wide[:, 50:100] = 255
    assert (read_photo(saved(tmp_path / "a.png", wide)).small == 255).all()


@pytest.mark.parametrize("side", [64, 4200], ids=["small", "shrunk first"])
def test_a_photo_that_lies_on_its_side_is_turned_upright(tmp_path, side):
    red_left_blue_right = np.zeros((side, side, 3), np.uint8)
    red_left_blue_right[:, : side // 2, 0] = red_left_blue_right[:, side // 2 :, 2] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter turn to the right
    small = read_photo(saved(tmp_path / "a.png", red_left_blue_right, exif=exif)).small
    assert small[[5, 26], 16].tolist() == [[255, 0, 0], [0, 0, 255]]


def test_what_is_transparent_is_white(tmp_path):
    assert (read_photo(saved(tmp_path / "a.png", np.zeros((40, 40, 4), np.uint8), "RGBA")).small == 255).all()


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_every_kind_of_image_is_read(tmp_path, mode):
    path = saved(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"), np.full((40, 40, 3), 255, np.uint8), mode)
    assert (read_photo(path).small == 255).all()


def test_grays_of_16_bits_are_not_cut_off_at_255(tmp_path):
    Image.fromarray(np.full((40, 40), 128 * 257, np.uint16)).save(tmp_path / "a.png")
    assert (read_photo(tmp_path / "a.png").small == 128).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no image", "cannot be read as an image"), (b"", "cannot be read"), (None, "does not exist")],
)
def test_what_is_no_image_is_refused_in_one_line(tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(SenetError, match=message) as error:
        read_photo(tmp_path / "a.jpg")
    assert "\n" not in str(error.value)


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


def test_an_image_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(SenetError, match="too large an image"):
        read_photo(saved(tmp_path / "a.png", NOISE))


def test_there_is_a_photo_where_there_is_no_other():
    photo = sample_photo()
    assert photo is not None
    assert photo.small.shape == (32, 32, 3)
