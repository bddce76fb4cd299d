"""Pictures small enough for a repository."""

from collections import Counter
from io import BytesIO

from PIL import Image


def shrink(png):
    """Return a third of the bytes: 256 colours, the most common ones as they were."""
    with Image.open(BytesIO(png)) as image:
        exact = image.convert("RGB")
    few = exact.quantize(method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    # Each colour stands for similar ones: let it be the most common of them, so that
    # no background is tinted.
    pairs = Counter(zip(few.getdata(), exact.getdata(), strict=True))
    most_common = dict(sorted(pairs, key=pairs.get))
    palette = [most_common.get(i, (0, 0, 0)) for i in range(max(most_common) + 1)]
    few.putpalette([part for colour in palette for part in colour])
    small = BytesIO()
    few.save(small, "PNG", optimize=True)
    return small.getvalue()
