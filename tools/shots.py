"""``make shots``: the pictures of the manual, and of every screen on a phone.

Those of the manual go to ``static/description`` of the addons, all others to
``.runtime/shots``. SCREEN names one of them (default: all).
"""

import os
from contextlib import ExitStack

from shots.browser import HEIGHTS, PHONE, open_browser, open_tab
from shots.pictures import look_the_same, shrink
from shots.screens import SCREENS
from shots.stage import FOLDER, Stage
from tools import processes
from tools.console import run_main, say
from tools.paths import ROOT
from tools.postgres import postgres


def main():
    processes.exit_on_signals()
    only = os.environ.get("SCREEN")
    chosen = [screen for screen in SCREENS if only in (None, "", screen.name)]
    with ExitStack() as running:
        server = running.enter_context(postgres())
        stage = running.enter_context(Stage(server))
        browser = running.enter_context(open_browser())
        tabs = {
            width: running.enter_context(open_tab(browser, stage.odoo.url, width))
            for width in HEIGHTS
        }
        for screen in chosen:
            stage.prepare(screen)
            for width, tab in tabs.items():
                if width == PHONE and not screen.on_phone:
                    continue
                tab.show(screen, stage.ids)
                take(tab.page, screen, width)
    return 0


def take(page, screen, width):
    """Take a picture of what a screen shows at one width."""
    is_whole = width == PHONE or not screen.part
    png = (page if is_whole else page.locator(screen.part)).screenshot()
    if screen.addon and width != PHONE:
        path = ROOT / screen.addon / "static/description" / f"{screen.name}.png"
        png = shrink(png)
        if path.exists() and look_the_same(path.read_bytes(), png):
            return
    else:
        path = FOLDER / str(width) / f"{screen.name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png)
    say(f"  {path.relative_to(ROOT)} ({len(png) // 1024} kB)")


if __name__ == "__main__":
    run_main(main)
