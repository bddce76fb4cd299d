"""Pictures small enough for a repository."""

from collections import Counter
from io import BytesIO

from PIL import Image, ImageChops

VISIBLE = 32
"""How much lighter or darker, of 255, a dot must be for somebody to see it."""


def look_the_same(one, other):
    """Whether nobody could tell two pictures apart: browsers do not draw the edges of
    letters alike each time."""
    with Image.open(BytesIO(one)) as first, Image.open(BytesIO(other)) as second:
        if first.size != second.size:
            return False
        difference = ImageChops.difference(first.convert("L"), second.convert("L"))
    return difference.getextrema()[1] < VISIBLE


def shrink(png):
    """Return a third of the bytes: 256 colours, the most common ones as they were."""
    with Image.open(BytesIO(png)) as image:
        exact = image.convert("RGB")
    few = exact.quantize(method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    # Each colour stands for similar ones: let it be the most common of them, so that
    # no background is tinted.
    pairs = Counter(
        zip(few.get_flattened_data(), exact.get_flattened_data(), strict=True)
    )
    most_common = dict(sorted(pairs, key=pairs.get))
    palette = [most_common.get(i, (0, 0, 0)) for i in range(max(most_common) + 1)]
    few.putpalette([part for colour in palette for part in colour])
    small = BytesIO()
    few.save(small, "PNG", optimize=True)
    return small.getvalue()
