"""When two addresses are the same place."""

from __future__ import annotations

import pytest

from panda_provisioning.core.address import get_origin, get_place

URL = "https://api.usa.cloud.watchguard.com"


@pytest.mark.parametrize(
    "url",
    [
        f"{URL}/",
        f"{URL}:443",
        f" {URL}/rest ",
        "HTTPS://API.USA.cloud.watchguard.com",
        "https://api.usa.cloud.watchguard.com.",
    ],
)
def test_the_same_origin_in_other_spellings(url: str) -> None:
    assert get_origin(url) == get_origin(URL)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.usa.cloud.watchguard.com",
        f"{URL}:444",
        f"{URL}.evil.example",
        f"{URL}@evil.example",
        f"{URL}\\@evil.example",
        "https://evil.example/api.usa.cloud.watchguard.com",
        "https://me@api.usa.cloud.watchguard.com",
        f"{URL}:no-port",
        "",
    ],
)
def test_other_origins(url: str) -> None:
    assert get_origin(url) != get_origin(URL)


def test_a_place_is_origin_path_and_root() -> None:
    place = get_place(URL, "ACC-1")
    assert get_place(f"{URL}:443/", " acc-1 ") == place
    assert get_place(f"{URL}/eu", "ACC-1") != place
    assert get_place(URL, "ACC-2") != place
    assert get_place("", "") == ("", "", "")
