"""Nothing serious in what we show, for people who see badly or use no mouse."""

import pytest

from shots.axe import find_serious
from shots.browser import DESK, open_browser, open_tab
from shots.screens import SCREENS
from shots.stage import Stage
from tools.postgres import postgres


@pytest.fixture(scope="module")
def stage():
    with postgres() as server, Stage(server, "axe") as stage:
        yield stage


@pytest.fixture(scope="module")
def tab(stage):
    with open_browser() as browser, open_tab(browser, stage.odoo.url, DESK) as tab:
        yield tab


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_nothing_serious(stage, tab, screen):
    stage.prepare(screen)
    tab.show(screen, stage.ids)
    assert find_serious(tab.page, screen.part or screen.ours) == []


def test_faults_are_found(stage, tab):
    """Else the tests above would show nothing."""
    [screen] = [screen for screen in SCREENS if screen.name == "contact"]
    tab.show(screen, stage.ids)
    tab.page.locator(".o_field_widget[name=panda_sync_status]").evaluate(
        """status => {
            const grey = '<i style="color: #bbb; background: #fff">grey text</i>';
            status.innerHTML = `<button></button>${grey}`;
        }"""
    )
    found = [text.split(":")[0] for text in find_serious(tab.page, screen.ours)]
    assert sorted(found) == ["button-name", "color-contrast"]
