"""Pictures shrink without a tint, and are told apart only where people could."""

from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from shots.pictures import look_the_same, shrink

GREY, WHITE = (248, 249, 250), (255, 255, 255)


def as_png(image):
    written = BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


@pytest.fixture
def image():
    """A white sheet on a grey ground, and more colours than a palette has."""
    image = Image.effect_noise((200, 100), 60).convert("RGB")
    ImageDraw.Draw(image).rectangle((0, 0, 150, 100), fill=GREY)
    ImageDraw.Draw(image).rectangle((10, 10, 100, 90), fill=WHITE)
    return image


def test_backgrounds_keep_their_colour(image):
    with Image.open(BytesIO(shrink(as_png(image)))) as small:
        assert small.mode == "P"
        colours = small.convert("RGB")
    assert colours.getpixel((2, 2)) == GREY
    assert colours.getpixel((50, 50)) == WHITE


def test_what_nobody_sees_is_no_difference(image):
    other = image.copy()
    other.putpixel((50, 50), (250, 250, 250))
    assert look_the_same(as_png(image), as_png(other))


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 0, 0)])
def test_what_people_see_is_one(image, colour):
    other = image.copy()
    other.putpixel((50, 50), colour)
    assert not look_the_same(as_png(image), as_png(other))


def test_another_size_is_one(image):
    assert not look_the_same(as_png(image), as_png(image.resize((100, 100))))
