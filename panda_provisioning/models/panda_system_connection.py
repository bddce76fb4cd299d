from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import NO_ACCESS

from ..panda_api.connection_check import check_connection
from ..panda_api.credentials import Credentials
from ..panda_api.sandbox import LOOPBACK
from ..panda_api.transport import Transport
from .panda_texts import PROBLEMS

MANAGER = "panda_provisioning.group_panda_manager"
CONNECTION = {"base_url", "root_account_id", "access_id"}
SECRETS = {"access_password", "api_key"}
"""What a manager types in and nobody ever reads."""


class PandaSystem(models.Model):
    """Where a system is, with what it lets Odoo in, and whether that is right."""

    _inherit = "panda.system"

    # === FIELDS === #

    base_url = fields.Char(
        string="API Address",
        required=True,
        default="https://api.usa.cloud.watchguard.com",
        help="The base API URL shown in WatchGuard Cloud under Administration > "
        "Managed Access > Enable API Access.",
    )
    root_account_id = fields.Char(
        help="Your own service provider account, e.g. ACC-1234567. Resellers and "
        "direct customers are created below it.",
    )
    access_id = fields.Char(
        string="Access ID",
        groups=MANAGER,
        copy=False,
        help="The read-write Access ID, not the read-only one.",
    )
    access_password = fields.Char(
        compute="_compute_secrets",
        inverse="_inverse_access_password",
        groups=MANAGER,
        help="Stored when you type it and never shown again.",
    )
    api_key = fields.Char(
        string="API Key",
        compute="_compute_secrets",
        inverse="_inverse_api_key",
        groups=MANAGER,
        help="Stored when you type it and never shown again.",
    )
    # Nobody reads the next two, whatever his groups: only sudo does.
    access_password_secret = fields.Char(groups=NO_ACCESS, copy=False)
    api_key_secret = fields.Char(groups=NO_ACCESS, copy=False)
    has_access_password = fields.Boolean(compute="_compute_secrets", groups=MANAGER)
    has_api_key = fields.Boolean(compute="_compute_secrets", groups=MANAGER)
    database_uuid = fields.Char(
        copy=False,
        groups=NO_ACCESS,
        help="The database this connection was switched on in; a copy of the "
        "database must not call Panda.",
    )

    # === COMPUTE METHODS === #

    @api.depends("access_password_secret", "api_key_secret")
    def _compute_secrets(self):
        for system, system_sudo in zip(self, self.sudo(), strict=True):
            system.access_password = system.api_key = False
            system.has_access_password = bool(system_sudo.access_password_secret)
            system.has_api_key = bool(system_sudo.api_key_secret)

    def _inverse_access_password(self):
        self._keep_secret("access_password")

    def _inverse_api_key(self):
        self._keep_secret("api_key")

    def _keep_secret(self, name):
        """Move a secret that was typed to where nobody reads it."""
        for system in self:
            if system[name]:
                # Sudo: the target is closed to everybody, managers included.
                system.sudo()[f"{name}_secret"] = "".join(system[name].split())

    # === CONSTRAINT METHODS === #

    @api.constrains("base_url", "state")
    def _check_base_url(self):
        for system in self:
            url = urlsplit(system.base_url or "")
            local = url.hostname in LOOPBACK and system.state != "enabled"
            if not url.hostname or url.scheme not in ("https", "http"):
                raise ValidationError(
                    self.env._(
                        "The API address must look like "
                        "https://api.usa.cloud.watchguard.com."
                    )
                )
            if url.scheme == "http" and not local:
                raise ValidationError(
                    self.env._(
                        "The API address must start with https://. Only a sandbox on "
                        "this machine, in test mode, may do without."
                    )
                )
            if url.username or url.password or url.query or url.fragment:
                raise ValidationError(
                    self.env._("Give the API address without credentials or query.")
                )

    @api.constrains("state", "root_account_id", "access_id")
    def _check_complete(self):
        for system in self.filtered(lambda s: s.state != "disabled"):
            missing = system._get_missing_labels()
            if missing:
                raise ValidationError(
                    self.env._(
                        "%(system)s cannot be switched on yet. Fill in: %(fields)s.",
                        system=system.name,
                        fields=missing,
                    )
                )

    def _get_missing_labels(self):
        """Return what is lacking to connect, for people."""
        system_sudo = self.sudo()  # the secrets are closed to everybody
        required = {
            "root_account_id": system_sudo.root_account_id,
            "access_id": system_sudo.access_id,
            "access_password": system_sudo.access_password_secret,
            "api_key": system_sudo.api_key_secret,
        }
        missing = [self._fields[name] for name, value in required.items() if not value]
        return ", ".join(field._description_string(self.env) for field in missing)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # Switched on last: the secrets, which that asks for, are kept after creation.
        disabled = [{**vals, "state": "disabled"} for vals in vals_list]
        systems = super().create(disabled)
        for system, vals in zip(systems, vals_list, strict=True):
            if vals.get("state", "disabled") != "disabled":
                system.state = vals["state"]
        return systems

    def write(self, vals):
        secrets = {name: vals[name] for name in SECRETS & vals.keys()}
        if secrets:
            # First of all: switching on in the same go asks for them.
            super().write(secrets)
            vals = {name: value for name, value in vals.items() if name not in secrets}
        result = super().write(vals)
        if vals.get("state", "disabled") != "disabled":
            self._stamp_database()
        if secrets or CONNECTION & vals.keys():
            # What was mended is tried at once.
            self.sudo().filtered("next_probe_at").next_probe_at = fields.Datetime.now()
        return result

    # === ACTION METHODS === #

    def action_test_connection(self):
        """Try the connection and tell which of its values is wrong."""
        self.ensure_one()
        self.check_access("write")
        finding = self._test_connection()
        connected = finding.code == "connected"
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if connected else "danger",
                "sticky": not connected,
                "title": self.env._("Connection works")
                if connected
                else self.env._("Connection failed"),
                "message": self._finding_message(finding),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _test_connection(self):
        """Try the connection and return the :class:`Finding`.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if not self._is_own_database():
            text = PROBLEMS["system_copied"]
            raise UserError(self.env["panda.message"]._fill_in_system(text, self))
        missing = self._get_missing_labels()
        if missing:
            raise UserError(
                self.env._(
                    "%(system)s cannot be tested yet. Fill in: %(fields)s.",
                    system=self.name,
                    fields=missing,
                )
            )
        transport, root = self._open_transport(), self.root_account_id or ""
        # No transaction is open while a request is on the wire.
        self.env["panda.service"]._commit()
        with transport:
            finding = check_connection(transport, root)
        if finding.code == "connected":
            self._release_from_quarantine()
        return finding

    def _finding_message(self, finding):
        """What a :class:`Finding` means to the administrator."""
        messages = {
            "connected": self.env._(
                "Connected to %s; everything is in order.", finding.detail
            ),
            "invalid_credentials": self.env._(
                "Panda refuses the Access ID or its password. Copy both again from "
                "WatchGuard Cloud, Administration > Managed Access."
            ),
            "wrong_api_key": self.env._(
                "The Access ID and its password are right, but Panda refuses the API "
                "key. Copy it again from WatchGuard Cloud."
            ),
            "unknown_root_account": self.env._(
                "The credentials are right, but Panda knows no root account %s within "
                "their reach. Check the Root Account.",
                self.root_account_id,
            ),
            "root_account_is_customer": self.env._(
                "The Root Account %s is a customer. It must be a service provider.",
                finding.detail,
            ),
            "read_only_access_id": self.env._(
                "This is the read-only Access ID. Use the read-write one."
            ),
            "throttled": self.env._("Panda is busy. That passes within minutes."),
            "server_error": self.env._(
                "Panda answers with an error of its own. That usually passes within "
                "minutes."
            ),
        }
        unreachable = self.env._(
            "Nothing that looks like Panda answers at %s. Check the API address.",
            self.base_url,
        )
        return messages.get(finding.code, unreachable)

    # === BUSINESS METHODS === #

    def _may_be_called(self):
        """Whether requests may be sent at all, from this database.

        Note: `self.ensure_one()`
        """
        return self.state != "disabled" and self._is_own_database()

    def _open_transport(self, max_connections=None, longest=None):
        """Return a :class:`Transport`; the one place where secrets are read.

        Note: `self.ensure_one()`

        :param longest: seconds that an answer may take, if less than set.
        """
        self.ensure_one()
        system_sudo = self.sudo()  # secrets are closed to everybody
        return Transport(
            system_sudo.base_url,
            Credentials(
                access_id=system_sudo.access_id or "",
                password=system_sudo.access_password_secret or "",
                api_key=system_sudo.api_key_secret or "",
            ),
            max_connections=max_connections or system_sudo.max_connections,
            requests_per_second=system_sudo.requests_per_second,
            timeout=min(filter(None, (system_sudo.request_timeout, longest))),
        )

    def _stamp_database(self):
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        self.sudo().database_uuid = uuid

    def _is_own_database(self):
        """Whether this is the database in which the connection was switched on."""
        self.ensure_one()
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return self.sudo().database_uuid in (uuid, False)
