from odoo import models
from odoo.exceptions import UserError


class BasePartnerMerge(models.TransientModel):
    """Merging contacts keeps the one account that is in Panda."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        # Those whom the user may not see are neither named nor touched.
        self.env["res.partner"].browse(partner_ids).exists().check_access("read")
        # Sudo: whoever may merge contacts need not know about Panda.
        accounts = self.env["panda.account"].sudo()
        accounts = accounts.search([("partner_id", "in", partner_ids)])
        for accounts_of_system in accounts.grouped("system_id").values():
            self._keep_one_account(accounts_of_system)
        return super()._merge(
            partner_ids, dst_partner=dst_partner, extra_checks=extra_checks
        )

    def _keep_one_account(self, accounts):
        """Delete those of ``accounts``, all of one system, that were never sent."""
        in_panda = accounts.filtered(lambda a: a._may_be_in_panda())
        if len(in_panda) > 1:
            raise UserError(
                self.env._(
                    "%(contacts)s are different accounts in Panda (%(ids)s), which "
                    "cannot be merged. Archive the contact that is not needed any "
                    "more instead.",
                    contacts=", ".join(in_panda.mapped("display_name")),
                    ids=", ".join(filter(None, in_panda.mapped("remote_id"))),
                )
            )
        kept = in_panda or accounts.sorted(lambda a: not a.child_ids)[:1]
        (accounts - kept).unlink()
