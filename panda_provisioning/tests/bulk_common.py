"""What tests of many contacts share: the preview, the queue and the import."""

import csv
import io
from unittest.mock import patch

from ..engine.runner import Runner
from .common import PandaCase, PandaMixin

IMPORT_OPTIONS = {
    "quoting": '"',
    "separator": ",",
    "has_headers": True,
    "float_thousand_separator": ",",
    "float_decimal_separator": ".",
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class BulkMixin(PandaMixin):
    """Previews many contacts, and imports files."""

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

    def make_customers(self, reseller, *names):
        """Return customers of ``reseller``."""
        made = [self.make_partner(n, panda_reseller_id=reseller.id) for n in names]
        return self.env["res.partner"].union(*made)

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
        """Press *Queue* and let the cron work, and return how many requests it took,
        those aside that read at its end under which names things were stored."""
        preview.browse([row.id for row in rows or ()]).action_queue()
        before = self.count_requests()
        with patch.object(Runner, "_list_created"):
            self.run_cron()
        self.env.invalidate_all()
        return self.count_requests() - before

    def make_synced(self, name, role="user", **values):
        """Return a contact that is in Panda."""
        partner = self.make_partner(name, **values)
        self.synchronize(self.make_account(partner, role=role))
        self.assertEqual(self.get_account(partner).state, "synced")
        return partner
