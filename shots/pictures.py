"""Pictures small enough for a repository."""

from io import BytesIO

from PIL import Image

COLOURS = 256


def save(png, path):
    """Save what a browser has taken with as many colours as an eye sees of it."""
    with Image.open(BytesIO(png)) as image:
        few = image.convert("RGB").quantize(
            COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    few.save(path, optimize=True)
