"""Makes the JPEGs of this folder, and beside each, as PNG, what Pillow (libjpeg-turbo) decodes it to.

Needs Pillow and cjpeg (Debian: libjpeg-turbo-progs), for samplings that Pillow cannot write.
"""

import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
WIDTH, HEIGHT = 37, 21


def picture(width: int, height: int) -> Image.Image:
    """Waves and noise, so that every coefficient and both chroma channels are at work."""
    y, x = np.mgrid[:height, :width].astype(float)
    waves = [128 + 90 * np.sin(x / 5 + 2 * c) + 50 * np.cos(y / (3 + c)) for c in range(3)]
    noise = np.random.default_rng(5).normal(0, 20, (height, width, 3))
    return Image.fromarray((np.stack(waves, -1) + noise).clip(0, 255).astype(np.uint8))


def keep_decoded(name: str) -> None:
    decoded = Image.open(HERE / f"{name}.jpg")
    decoded = decoded if decoded.mode in ("L", "RGB") else decoded.convert("RGB")
    decoded.save(HERE / f"{name}.png", optimize=True)


def main() -> None:
    colours = picture(WIDTH, HEIGHT)
    of_pillow = {
        "grey": (colours.convert("L"), {}),
        "444": (colours, {"subsampling": 0}),
        "422": (colours, {"subsampling": 1}),
        "420": (colours, {"subsampling": 2}),
        "420-progressive": (colours, {"subsampling": 2, "progressive": True}),
        "420-restarts": (colours, {"subsampling": 2, "restart_marker_blocks": 1}),
        "420-coarse": (colours, {"subsampling": 2, "quality": 10}),
        "420-fine": (colours, {"subsampling": 2, "quality": 100}),
        "rgb": (colours, {"keep_rgb": True}),
        "cmyk": (colours.convert("CMYK"), {}),
        "one-pixel": (picture(1, 1), {"subsampling": 2}),
        "one-column": (picture(1, 33), {"subsampling": 2}),
        "small-progressive": (picture(3, 2), {"subsampling": 2, "progressive": True}),
    }
    for name, (source, options) in of_pillow.items():
        source.save(HERE / f"{name}.jpg", **{"quality": 80, **options})
        keep_decoded(name)
    bitmap = HERE / "source.ppm"
    colours.save(bitmap)
    for name, sampling in {"440": "1x2", "411": "4x1", "mixed": "2x2,1x2,2x1"}.items():
        out = str(HERE / f"{name}.jpg")
        subprocess.run(["cjpeg", "-quality", "80", "-sample", sampling, "-outfile", out, str(bitmap)], check=True)
        keep_decoded(name)
    bitmap.unlink()


if __name__ == "__main__":
    main()
