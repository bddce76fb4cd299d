"""``make i18n``: export the strings of the addons, merge them into the translations."""

import polib

from tools import addons, databases, odoo_server, odoo_tests, processes
from tools.console import run_main, say, step
from tools.postgres import postgres
from tools.translations import LANGUAGES, template_path, translation_path

HEADER = {
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}
"""Without dates and versions, which would change every file each time."""
PLURAL_FORMS = {"fr": "nplurals=2; plural=(n > 1);"}
USUAL_PLURAL_FORMS = "nplurals=2; plural=(n != 1);"


def main():
    processes.exit_on_signals()
    with postgres() as server:
        for group in odoo_tests.groups():
            export(server, group)
    for addon in addons.own_addons():
        template = polib.pofile(str(template_path(addon)))
        _save(template, addon, {})
        for language in LANGUAGES:
            missing = merge(addon, language, template)
            say(f"  {addon.name} {language}: {missing} of {len(template)} missing")
    return 0


def export(server, group):
    """Have Odoo write the templates of addons, from a database that has nothing more
    than they need: other modules add fields to their models."""
    with step(f"Export the strings of {', '.join(group.names)}"):
        database = databases.create(server, "i18n", group.core)
        try:
            odoo_server.install(server, database, group.names)
            processes.run(
                odoo_server.subcommand("i18n", "export", "-d", database, *group.names),
                failed="Odoo could not export the strings.",
                env=odoo_server.subcommand_environment(server),
            )
        finally:
            databases.drop(server, database)


def merge(addon, language, template):
    """Bring a translation up to date and return how much of it is missing."""
    path = translation_path(addon, language)
    translation = polib.pofile(str(path)) if path.exists() else polib.POFile()
    translation.fpath = str(path)
    translation.merge(template)
    for entry in translation.obsolete_entries():
        translation.remove(entry)
    order = {entry.msgid: position for position, entry in enumerate(template)}
    translation.sort(key=lambda entry: order[entry.msgid])
    plural_forms = PLURAL_FORMS.get(language, USUAL_PLURAL_FORMS)
    _save(translation, addon, {"Language": language, "Plural-Forms": plural_forms})
    return len(translation.untranslated_entries()) + len(translation.fuzzy_entries())


def _save(catalogue, addon, more):
    catalogue.header = f"Strings of the addon {addon.name}."
    catalogue.metadata = {"Project-Id-Version": addon.name, **HEADER, **more}
    catalogue.metadata_is_fuzzy = False
    catalogue.save()


if __name__ == "__main__":
    run_main(main)
