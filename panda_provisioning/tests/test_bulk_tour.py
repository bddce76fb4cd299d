import io
import json

import openpyxl

from odoo import http
from odoo.tests import tagged

from .bulk_common import XLSX, BulkMixin
from .common import PandaTourCase


@tagged("post_install", "-at_install")
class TestBulkTour(BulkMixin, PandaTourCase):
    """Many contacts at once, in a browser and out of it."""

    def test_select_mend_queue(self):
        """Select, preview, mend, choose a role, queue: all are synchronised."""
        known = self.make_partner("Kim Known")
        self.plant(known)
        reseller = self.make_partner("Rita Reseller")
        partners = (
            self.make_partner()
            + known
            + reseller
            + self.make_customers(reseller, "Carl Customer")
            + self.make_partner("Mia Nomail", email=False)
        )
        action = self.env["ir.actions.act_window"].create(
            {
                "name": "Our Contacts",
                "res_model": "res.partner",
                "view_mode": "list",
                "domain": [("id", "in", partners.ids)],
            }
        )
        self.start_tour(
            f"/odoo/action-{action.id}",
            "panda_provisioning_bulk",
            login=self.user.login,
        )
        self.assertEqual(
            set(partners.mapped("panda_sync_status")), {"queued", "waiting"}
        )
        self.get_crons().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(set(partners.mapped("panda_sync_status")), {"synced"})
        self.assertEqual(partners[-1].email, "mia@example.com")
        roles = {partner.name: partner.panda_role for partner in partners}
        self.assertEqual(roles["Ada Lovelace"], "reseller", "chosen in the preview")
        self.assertEqual(roles["Rita Reseller"], "reseller", "proposed")
        self.assertTrue(known.panda_account_ids.adopted)

    def test_export_mend_import(self):
        """The list of problems is mended in a spreadsheet and imported in Contacts."""
        self.user.group_ids += self.env.ref("base.group_allow_export")
        reseller = self.make_partner("Rita Reseller")
        bad = self.make_partner(
            "Mia Nomail", email=False, panda_reseller_id=reseller.id
        )
        preview, _rows = self.preview(self.make_partner() + bad)
        self.authenticate(self.user.login, self.user.login)
        columns = ["name", "email", "phone", "panda_reseller_id"]
        known = self.env["res.partner"].fields_get(columns, ["string"])
        labels = ["id", *(known[name]["string"] for name in columns), "Remark"]
        columns = ["partner_id/id", *columns, "remark"]
        answer = self.url_open(
            "/web/export/xlsx",
            data={
                "csrf_token": http.Request.csrf_token(self),
                "data": json.dumps(
                    {
                        "model": preview._name,
                        "context": dict(preview.env.context),
                        "domain": [("outcome", "=", "problem")],
                        "ids": False,
                        "groupby": [],
                        "import_compat": False,
                        "fields": [
                            {"name": name, "label": label}
                            for name, label in zip(columns, labels, strict=True)
                        ],
                    }
                ),
            },
        )
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        header, row = [[cell.value for cell in cells] for cells in book.active.rows]
        self.assertEqual(header, labels)
        self.assertIn("no e-mail address", row[-1])
        book.active["C2"] = "mia@example.com"
        mended = io.BytesIO()
        book.save(mended)
        columns, result = self.load_file("res.partner", mended.getvalue(), XLSX)
        self.assertEqual(
            columns, ["id", "name", "email", "phone", "panda_reseller_id", False]
        )
        self.assertEqual(self.messages(result), [])
        self.assertEqual(bad.email, "mia@example.com")
        self.assertEqual(bad.panda_reseller_id, reseller)
        _preview, rows = self.read_preview(preview.env.context)
        self.assertEqual(rows[bad].outcome, "waiting")
