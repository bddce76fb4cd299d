from odoo import fields, models
from odoo.exceptions import UserError

from ..panda_api.sandbox import DEFAULT_URL, ask_sandbox, sandbox_url


class PandaSandboxConnect(models.TransientModel):
    """Asks for the address of a sandbox and connects to it."""

    _name = "panda.sandbox.connect"
    _description = "Try It with the Sandbox"

    url = fields.Char(string="Address", required=True, default=DEFAULT_URL)

    def action_connect(self):
        """Create a system in test mode with what the sandbox tells, and try it."""
        self.ensure_one()
        systems = self.env["panda.system"]
        systems.check_access("create")
        url = sandbox_url(self.url)
        if not url:
            raise UserError(
                self.env._(
                    "The sandbox runs on the machine of Odoo, or in a container beside "
                    "it. Its address looks like %(local)s or %(named)s.",
                    local=DEFAULT_URL,
                    named="http://sandbox:8470",
                )
            )
        # No transaction is open while a request is on the wire.
        self.env["panda.service"]._commit()
        connection = ask_sandbox(url)
        if not connection:
            raise UserError(
                self.env._(
                    "No sandbox answers at %(url)s. Start one with: %(command)s",
                    url=url,
                    command="PYTHONPATH=sandbox python -m panda_sandbox",
                )
            )
        system = systems.search([("base_url", "=", url)], limit=1)
        if not system:
            system = systems.create(self._get_system_values(url, connection))
        return system.action_test_connection()

    def _get_system_values(self, url, connection):
        return {
            "name": self.env._("Panda Sandbox"),
            "state": "test",
            "base_url": url,
            "root_account_id": connection.root_account_id,
            "access_id": connection.credentials.access_id,
            "access_password": connection.credentials.password,
            "api_key": connection.credentials.api_key,
        }
