"""``make shots``: the pictures of the manual, and of every screen on a phone.

Those of the manual go to ``static/description`` of the addons, all others to
``.runtime/shots``. SCREEN names one of them (default: all).
"""

import os
from contextlib import ExitStack

from shots.browser import HEIGHTS, PHONE, open_browser, open_tab
from shots.pictures import save
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
                tab.show(screen, stage.ids)
                take(tab.page, screen, width)
    return 0


def take(page, screen, width):
    """Take a picture of what a screen shows at one width."""
    seen = page.locator(screen.part) if screen.part and width != PHONE else page
    path = picture_path(screen, width)
    save(seen.screenshot(), path)
    say(f"  {path.relative_to(ROOT)} ({path.stat().st_size // 1024} kB)")


def picture_path(screen, width):
    if screen.addon and width != PHONE:
        return ROOT / screen.addon / "static/description" / f"{screen.name}.png"
    return FOLDER / str(width) / f"{screen.name}.png"


if __name__ == "__main__":
    run_main(main)
