"""Make the small images that the explorer shows to networks for CIFAR-10:   python docs/tools/explorer_images.py FOLDER

CIFAR-10's own photos may not be handed on. These are drawings of the Open Clip Art Library, which their authors gave
to the public domain, before a background that is drawn here, at 32×32 pixels. FOLDER is usr/share/openclipart/png of
the Debian package openclipart-png.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from senet_np.explorer.images import IMAGES, SOURCES

SIDE = 256  # pixels, while it is drawn
SMALL = 32
ART = 222 / SIDE  # the drawing's longer side, of the image's
PACKAGE = "Open Clip Art Library 0.18, public domain"
SKY = np.array([[120, 165, 215], [205, 220, 235]])  # red, green, blue from 0 to 255: at the top, at the bottom
# Ground: its color, and where it begins, from 0 at the top to 1.
GROUNDS = {
    "air": (None, 1.0),
    "sea": ((45, 85, 120), 0.62),
    "road": ((125, 122, 118), 0.6),
    "low": ((110, 130, 80), 0.78),
}
GROUNDS |= {"field": ((105, 140, 65), 0.45), "floor": ((150, 125, 95), 0.0), "grass": ((95, 105, 60), 0.0)}


class Drawing(NamedTuple):
    """One image to be made."""

    class_: str  # of CIFAR-10
    ground: str
    file: str  # below the folder
    author: str  # as the drawing itself says
    color: tuple[int, int, int] | None = None  # for a silhouette, which is black there


HOUSECATS, HORSES = "animals/mammals/housecats", "animals/mammals/horses"
VEHICLES, BOATS = "transportation/vehicles", "transportation/boating"
DRAWINGS = [
    Drawing("airplane", "air", f"{VEHICLES}/aircraft_jarno_vasamaa1.png", "Jarno Vasamaa"),
    Drawing("automobile", "road", "transportation/old_car_lumen_design_st_r.png", "Lumen Design Studio"),
    Drawing("bird", "low", "animals/birds/gull_marcelo_staudt_01.png", "Marcelo Staudt"),
    Drawing("frog", "grass", "animals/rana03_architetto_france_01.png", "Francesco Rollandin"),
    Drawing("deer", "grass", "animals/mammals/deer_matt_todd_01.png", "Matt Todd", (120, 85, 55)),
    Drawing("dog", "floor", "animals/mammals/dogs/beagle_copper_ganson.png", "Gerald G."),
    Drawing("cat", "floor", f"{HOUSECATS}/kitten_gerald_g._01.png", "Gerald G."),
    Drawing("horse", "field", f"{HORSES}/cavallo_architetto_franc_02.png", "Francesco Rollandin"),
    Drawing("ship", "sea", f"{BOATS}/boat_jarno_vasamaa1.png", "Jarno Vasamaa"),
    Drawing("truck", "road", "transportation/truck_jarno_vasamaa_.png", "Jarno Vasamaa"),
    Drawing("bird", "low", "animals/birds/crow_01.png", "kesigomu"),
    Drawing("cat", "floor", f"{HOUSECATS}/gatto_cat_architetto_fra_01.png", "Francesco Rollandin"),
    Drawing("dog", "floor", "animals/mammals/dogs/bored_dog_01.png", "Jose Hevia"),
    Drawing("horse", "field", f"{HORSES}/cavallo_architetto_franc_06.png", "Francesco Rollandin"),
    Drawing("ship", "sea", f"{BOATS}/boat_jarno_vasamaa_.png", "Jarno Vasamaa"),
    Drawing("truck", "road", "transportation/truck_jarno_vasamaa1.png", "Jarno Vasamaa"),
    Drawing("automobile", "road", f"{VEHICLES}/skoda_car_alejandro_teja_.png", "Alejandro Tejada"),
    Drawing("airplane", "air", f"{VEHICLES}/departing_plane_01.png", "Nicu Buculei"),
]


def background(ground: str) -> np.ndarray:
    """A sky above a ground, each with some noise at two scales: (SIDE, SIDE, 3) float64, 0 to 255."""
    rng, y = np.random.default_rng(0), np.linspace(0, 1, SIDE)[:, None, None]
    image = SKY[0] * (1 - y) + SKY[1] * y + 8 * noise(rng, 64)
    color, begins = GROUNDS[ground]
    if color is not None:
        first = int(begins * SIDE)
        grained = np.array(color) + 10 * noise(rng, 8) + 14 * noise(rng, 32)
        image[first:] = (grained * np.linspace(0.85, 1.1, SIDE)[:, None, None])[first:]
    return image


def noise(rng: np.random.Generator, scale: int) -> np.ndarray:
    """Smooth noise of standard deviation about 1, with spots of `scale` pixels: (SIDE, SIDE, 1)."""
    coarse = rng.standard_normal((SIDE // scale + 2,) * 2).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC))[..., None]


def make(folder: Path, drawing: Drawing) -> np.ndarray:
    """One image, (SMALL, SMALL, 3) uint8."""
    art = Image.open(folder / drawing.file).convert("RGBA")
    art = art.crop(art.getchannel("A").point(lambda alpha: 255 * (alpha > 20)).getbbox())
    scale = ART * SIDE / max(art.size)
    art = art.resize((int(art.width * scale), int(art.height * scale)), Image.Resampling.LANCZOS)
    pixels = np.asarray(art).astype(np.float64)
    colors, alpha = pixels[..., :3], pixels[..., 3:] / 255
    if drawing.color:
        colors = np.array(drawing.color) * np.linspace(1, 0.65, art.height)[:, None, None]
    image = background(drawing.ground)
    left, top = (SIDE - art.width) // 2, int((SIDE - art.height) * (0.5 if drawing.ground == "air" else 0.62))
    place = image[top : top + art.height, left : left + art.width]
    place[:] = place * (1 - alpha) + colors * alpha
    small = Image.fromarray(image.clip(0, 255).astype(np.uint8)).resize((SMALL, SMALL), Image.Resampling.LANCZOS)
    return np.asarray(small)


def main() -> None:
    """Make all of them, side by side in one file, and say beside it where they come from."""
    parser = argparse.ArgumentParser(description="Make the explorer's images for networks for CIFAR-10.")
    parser.add_argument("folder", type=Path, help="usr/share/openclipart/png of Debian's openclipart-png")
    folder = parser.parse_args().folder
    Image.fromarray(np.concatenate([make(folder, drawing) for drawing in DRAWINGS], axis=1)).save(IMAGES)
    sources = [{"class": d.class_, "source": f"{Path(d.file).stem} by {d.author}, {PACKAGE}"} for d in DRAWINGS]
    SOURCES.write_text(json.dumps(sources, indent=1) + "\n", "utf-8")
    print(f"{len(DRAWINGS)} images in {IMAGES}, their sources in {SOURCES}")


if __name__ == "__main__":
    main()
