import configparser
import os

from odoo import api, fields, models
from odoo.fields import NO_ACCESS
from odoo.tools import SQL, config

from ..core.secret_box import (
    ENVIRONMENT,
    NAMES,
    SECTION,
    SecretBox,
    UnusableKey,
    find_configured,
)


class PandaSystemSecret(models.Model):
    """A secret of a system, out of the row of the system.

    PostgreSQL quotes the whole row that a CHECK or a NOT NULL refuses, in the error
    that the client gets and in the log. No column of this table but its id has one, so
    that nothing is ever quoted. Nobody has access, administrators included. Values are
    written past the ORM: Odoo logs every statement that fails, with its values.
    """

    _name = "panda.system.secret"
    _description = "Secret of a Panda System"
    _log_access = False
    _rec_name = "name"

    # === FIELDS === #

    # Not required: a NOT NULL would quote the row.
    system_id = fields.Many2one("panda.system", ondelete="cascade")
    name = fields.Char()
    value = fields.Char(groups=NO_ACCESS, help="Encrypted if the server has a key.")

    _unique_name = models.UniqueIndex("(system_id, name)")

    # === BUSINESS METHODS === #
    # Called by `panda.system` only.

    @api.model
    def _get(self, system):
        """Return the secrets of ``system`` in the clear, by name.

        :raise UnusableKey: if one of them cannot be decrypted.
        """
        box = self._get_box()
        return {
            name: value if is_open else box.open(value)
            for name, (value, is_open) in self._find(system)[system.id].items()
        }

    @api.model
    def _get_names(self, systems):
        """Return which secrets there are, and which of them no key opens:
        ``{system id: (names, unreadable names)}``."""
        box = self._get_box()
        return {
            system_id: (
                set(found),
                {
                    name
                    for name, (value, is_open) in found.items()
                    if not (is_open or box.opens(value))
                },
            )
            for system_id, found in self._find(systems).items()
        }

    @api.model
    def _keep(self, system, name, value):
        """Store ``value`` as the secret ``name`` of ``system``.

        :raise UnusableKey: if a key of the server is none.
        """
        self._store(system.id, name, self._get_box().seal(value))

    @api.model
    def _forget(self, systems):
        """Delete the secrets of ``systems`` that are stored here."""
        self.env.execute_query(
            SQL(
                "DELETE FROM panda_system_secret WHERE system_id = ANY(%s) RETURNING 1",
                systems.ids,
            )
        )

    @api.autovacuum
    def _gc_older_keys(self):
        """Encrypt with the newest key what is stored otherwise; what no key opens
        stays as it is."""
        box = self._get_box()
        for system_id, secrets in self._read_stored().items():
            for name, value in secrets.items():
                try:
                    if not box.is_current(value):
                        self._store(system_id, name, box.seal(box.open(value)))
                except UnusableKey:
                    continue  # the form of the system says so

    # === HELPERS === #

    def _find(self, systems):
        """Return ``{system id: {name: (value, whether it is in the clear)}}``; what the
        server's configuration holds goes first."""
        stored = self._read_stored(systems)
        found = {}
        for system in systems:
            sealed = stored.get(system.id, {})
            configured = self._get_configured(system)
            found[system.id] = {
                **{name: (value, False) for name, value in sealed.items()},
                **{name: (value, True) for name, value in configured.items()},
            }
        return found

    def _store(self, system_id, name, value):
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO panda_system_secret (system_id, name, value)
                VALUES (%s, %s, %s)
                ON CONFLICT (system_id, name) DO UPDATE SET value = EXCLUDED.value
                """,
                *(system_id, name, value),
            ),
            log_exceptions=False,
        )

    def _read_stored(self, systems=None):
        """Return ``{system id: {name: value as stored}}``, of all systems if none are
        given."""
        where = SQL("TRUE")
        if systems is not None:
            where = SQL("system_id = ANY(%s)", systems.ids)
        found = {}
        for system_id, name, value in self.env.execute_query(
            SQL(
                "SELECT system_id, name, value FROM panda_system_secret WHERE %s", where
            )
        ):
            found.setdefault(system_id, {})[name] = value
        return found

    @api.model
    def _get_box(self):
        text = os.environ.get(f"{ENVIRONMENT}ENCRYPTION_KEYS")
        if text is None:
            text = self._read_file().get(SECTION, {}).get("encryption_keys", "")
        return SecretBox.from_text(text)

    @api.model
    def _get_configured(self, system):
        """Return the secrets of ``system`` that stand in the server's configuration."""
        names = ("api_address", "root_account_id", *NAMES)
        from_environment = {
            name: os.environ.get(f"{ENVIRONMENT}{name.upper()}", "") for name in names
        }
        from_file = [
            values
            for section, values in self._read_file().items()
            if section.startswith(SECTION)
        ]
        return find_configured(
            [from_environment, *from_file],
            system.base_url or "",
            system.root_account_id or "",
        )

    @api.model
    def _read_file(self):
        """Return the sections of Odoo's configuration file; Odoo itself reads only
        ``[options]``."""
        parser = configparser.RawConfigParser()
        try:
            parser.read([config["config"] or ""])
        except (configparser.Error, UnicodeDecodeError):
            return {}  # the message would quote a line
        return {name: dict(parser[name]) for name in parser.sections()}
