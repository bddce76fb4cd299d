import time

from odoo import fields, models

from odoo.addons.panda_provisioning.core.snapshot import Step
from odoo.addons.panda_provisioning.panda_api.client import PandaClient

POLL_SECONDS = 0.2

_transports = {}
"""One per worker and system, so that token and connection are used again."""


class PandaAccount(models.Model):
    _inherit = "panda.account"

    def _bench_job(self):
        """Create account and operator with the calls that the engine makes."""
        snapshot = self._get_snapshot()
        client = PandaClient(self._bench_transport())
        remote_id = client.create_account(
            self.system_id.root_account_id,
            account_type=snapshot.role.account_type,
            name=snapshot.name,
            first_name=snapshot.first_name,
            last_name=snapshot.last_name,
            email=snapshot.email,
        )
        transaction_id = client.create_operator(
            remote_id,
            username=snapshot.username,
            first_name=snapshot.first_name,
            last_name=snapshot.last_name,
            email=snapshot.email,
            phone=snapshot.phone.lstrip("+"),
            role=snapshot.role.operator_role,
        )
        while client.get_transaction(transaction_id, snapshot.username).status == (
            "PENDING"
        ):
            time.sleep(POLL_SECONDS)
        self.write(
            {
                "state": "synced",
                "step": Step.DONE.value,
                "remote_id": remote_id,
                "operator_ready": True,
                "last_sync_at": fields.Datetime.now(),
                "synced_fingerprint": snapshot.fingerprint,
            }
        )

    def _bench_transport(self):
        key = (self.env.cr.dbname, self.system_id.id)
        if key not in _transports:
            _transports[key] = self.system_id._open_transport(1)
        return _transports[key]
