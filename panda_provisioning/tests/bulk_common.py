import csv
import io

from odoo import Command

from ..panda_api.client import CUSTOMER_TYPE, RESELLER_TYPE, PandaClient
from .common import PandaCase, PandaMixin

IMPORT_OPTIONS = {
    "quoting": '"',
    "separator": ",",
    "has_headers": True,
    "float_thousand_separator": ",",
    "float_decimal_separator": ".",
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PERSON = {"first_name": "Ada", "last_name": "Lovelace"}


class BulkMixin(PandaMixin):
    """Previews contacts of every kind."""

    def preview(self, partners, user=None):
        """Choose *Synchronize with Panda* and return the preview as the web client
        calls it, together with its rows by contact."""
        with self.committing(user) as env:
            action = partners.with_env(env).action_preview_panda()
        return self.read_preview(action["context"], user)

    def read_preview(self, context, user=None):
        """Read the preview anew, as a reload of the list does."""
        preview = self.env["panda.preview"].with_context(**context)
        preview = preview.with_user(user or self.user)
        self.env.cr.cache.clear()  # a request of its own
        preview.invalidate_model()
        return preview, {row.partner_id: row for row in preview.search([])}

    def plant(self, partner, parent="", *, role="user", username="", email=""):
        """Have Panda know an account of ``partner`` that Odoo knows nothing of."""
        with self.system._open_transport() as transport:
            client = PandaClient(transport)
            remote_id = client.create_account(
                parent or self.system.root_account_id,
                account_type=RESELLER_TYPE if role == "reseller" else CUSTOMER_TYPE,
                name=partner.name,
                email=email or partner.email,
                **PERSON,
            )
            if username:
                client.create_operator(
                    remote_id,
                    username=username,
                    email=email or partner.email,
                    phone="32470123456",
                    role="OWNER" if role == "reseller" else "ADMINISTRATOR",
                    **PERSON,
                )
        return remote_id

    def make_customers(self, reseller, *names):
        """Return customers of ``reseller``."""
        made = [self.make_partner(n, panda_reseller_id=reseller.id) for n in names]
        return self.env["res.partner"].union(*made)

    def make_company(self, name, *people):
        """Return a company with ``people``."""
        persons = [Command.create({"name": person}) for person in people]
        return self.make_partner(name, is_company=True, child_ids=persons)

    # === IMPORT === #

    def load(self, model, rows, dryrun=False):
        """Import ``rows`` (the first one are the headers) as the web client does, with
        the columns that it suggests."""
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        return self.load_file(model, text.getvalue().encode(), "text/csv", dryrun)

    def load_file(self, model, content, mimetype, dryrun=False):
        wizard = self.env["base_import.import"].with_user(self.user)
        wizard = wizard.create(
            {"res_model": model, "file": content, "file_type": mimetype}
        )
        preview = wizard.parse_preview(dict(IMPORT_OPTIONS))
        self.assertNotIn("error", preview)
        matches = preview["matches"]
        headers = preview["headers"]
        columns = [
            "/".join(matches[i]) if i in matches else False for i in range(len(headers))
        ]
        result = wizard.execute_import(
            columns, headers, {**preview["options"]}, dryrun=dryrun
        )
        self.env.invalidate_all()
        return columns, result

    def messages(self, result):
        """Return what the import complains of: ``[(row, text)]``."""
        return [
            (message.get("record"), message["message"])
            for message in result["messages"]
        ]


class BulkCase(BulkMixin, PandaCase):
    """Previews and queues."""

    def queue(self, preview, rows=None):
        """Press *Queue* and let the cron work, and return how many requests it took."""
        preview.browse([row.id for row in rows or ()]).action_queue()
        before = self.count_requests()
        self.run_cron()
        self.env.invalidate_all()
        return self.count_requests() - before

    def make_synced(self, name, role="user", **values):
        """Return a contact that is in Panda."""
        partner = self.make_partner(name, **values)
        self.synchronize(self.make_account(partner, role=role))
        self.assertEqual(self.get_account(partner).state, "synced")
        return partner
