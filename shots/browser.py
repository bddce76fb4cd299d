"""The browser of the tours, driven by Playwright, with the same fonts everywhere."""

import os
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from shots.tab import Tab
from tools import browser
from tools.paths import ODOO, RUNTIME
from tools.rpc import LOGIN, PASSWORD

FONT_CONFIG = RUNTIME / "shots" / "fonts.conf"
FONT_RULES = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
    <dir>{ODOO / "usr/share/fonts/truetype/roboto"}</dir>
    <dir>/usr/share/fonts</dir>
    <cachedir>{RUNTIME / "shots" / "fonts"}</cachedir>
</fontconfig>
"""
DESK, PHONE = 1280, 390
HEIGHTS = {DESK: 800, PHONE: 844}


@contextmanager
def open_browser():
    """Start the browser and end it."""
    FONT_CONFIG.parent.mkdir(parents=True, exist_ok=True)
    FONT_CONFIG.write_text(FONT_RULES)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=browser.program(),
            args=["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
            env={**os.environ, "FONTCONFIG_FILE": str(FONT_CONFIG)},
        )
        try:
            yield launched
        finally:
            launched.close()


@contextmanager
def open_tab(launched, url, width):
    """A :class:`Tab` of that width in which the administrator has logged in."""
    context = launched.new_context(
        base_url=url,
        viewport={"width": width, "height": HEIGHTS[width]},
        has_touch=width == PHONE,
        is_mobile=width == PHONE,
        locale="en-US",
        timezone_id="Europe/Brussels",
        reduced_motion="reduce",
    )
    try:
        page = context.new_page()
        page.goto("/web/login?redirect=/odoo/contacts")
        page.fill("input[name=login]", LOGIN)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector(".o_action_manager > *")
        yield Tab(page)
    finally:
        context.close()
