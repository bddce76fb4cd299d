"""``make readme``: the manuals of each addon, and the table of states.

The fragments are named as OCA names them. Run with ``--check`` it writes nothing and
fails when a file is not what would be written.
"""

import ast
import html
import re
import sys

from docutils.core import publish_parts

from tools import addons, codes_doc, states_doc
from tools.console import Failure, run_main, say

SECTIONS = {
    "DESCRIPTION": "",
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "ROADMAP": "What it does not do",
    "DEVELOP": "For developers",
    "HISTORY": "Changes",
    "CONTRIBUTORS": "Contributors",
}
PICTURES = "../static/description/"
"""Where pictures are, as seen from a fragment."""
NOTICE = ".. Made from the folder readme by make readme: change that.\n"
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<section class="oe_container">
{body}
</section>
</body>
</html>
"""


def main():
    stale = []
    for path, text in _make_all():
        if path.exists() and path.read_text() == text:
            continue
        stale.append(str(path))
        if "--check" not in sys.argv:
            path.write_text(text)
            say(f"  {path}")
    if stale and "--check" in sys.argv:
        raise Failure(f"Run make readme; out of date: {', '.join(stale)}")
    return 0


def _make_all():
    """Yield the path and the text of every document that is generated."""
    for addon in addons.own_addons():
        if (addon.path / "readme").exists():
            yield from make(addon).items()
    yield states_doc.PATH, states_doc.make()
    yield codes_doc.PATH, codes_doc.make()


def make(addon):
    """Return the texts of an addon's files, by path."""
    manifest = ast.literal_eval((addon.path / "__manifest__.py").read_text())
    source = "\n".join([_heading(manifest["name"], "=", over=True), *_sections(addon)])
    source += f"\nLicense: {manifest['license']}.\n"
    _check_pictures(addon, source)
    page = PAGE.format(
        title=html.escape(manifest["name"]), body=_to_html(source.replace(PICTURES, ""))
    )
    return {
        addon.path / "README.rst": NOTICE
        + "\n"
        + source.replace(PICTURES, "static/description/"),
        addon.path / "static/description/index.html": page,
    }


def _sections(addon):
    for name, title in SECTIONS.items():
        fragment = addon.path / "readme" / f"{name}.rst"
        if fragment.exists():
            heading = f"{_heading(title, '=')}\n" if title else ""
            yield f"{heading}{fragment.read_text()}"


def _heading(title, character, *, over=False):
    line = character * len(title)
    return f"{line}\n{title}\n{line}\n" if over else f"{title}\n{line}\n"


def _check_pictures(addon, source):
    named = re.findall(rf"{re.escape(PICTURES)}(\S+)", source)
    folder = addon.path / "static/description"
    missing = [name for name in named if not (folder / name).exists()]
    if missing:
        raise Failure(f"{addon.name} has no such picture: {', '.join(missing)}")


def _to_html(source):
    settings = {"initial_header_level": 2, "halt_level": 2, "report_level": 2}
    return publish_parts(source, writer_name="html5", settings_overrides=settings)[
        "html_body"
    ].strip()


if __name__ == "__main__":
    run_main(main)
