"""Which core modules a test database needs follows from the manifests."""

import pytest

from tools import addons


@pytest.fixture(autouse=True)
def repository(tmp_path, monkeypatch):
    monkeypatch.setattr(addons, "ROOT", tmp_path)
    depends = {"one": ["mail"], "two": ["one", "sale"], "three": ["two"]}
    for name, needed in depends.items():
        (tmp_path / name).mkdir()
        manifest = tmp_path / name / "__manifest__.py"
        manifest.write_text(f"# ours\n{{'name': '{name}', 'depends': {needed}}}\n")


def named(name):
    return [addon for addon in addons.own_addons() if addon.name == name]


def test_every_folder_with_a_manifest_is_an_addon():
    assert [addon.name for addon in addons.own_addons()] == ["one", "three", "two"]


def test_dependencies_of_our_other_addons_count():
    assert addons.core_modules(named("one")) == ["base", "mail", "web"]
    assert addons.core_modules(named("three")) == ["base", "mail", "sale", "web"]
