from odoo import models
from odoo.fields import Domain

from ..panda_api.rules import Problem, problems


class PandaAccount(models.Model):
    """Everything that is wrong with an account, found without asking Panda."""

    _inherit = "panda.account"  # pylint: disable=consider-merging-classes-inherited

    def _get_problems(self, reseller_first=False):
        """Return every :class:`Problem` of this account, saved or not.

        Note: `self.ensure_one()`

        :param reseller_first: whether the reseller is synchronised in the same go,
            so that it does not matter that he is not yet.
        """
        self.ensure_one()
        parent_problems = list(self._get_parent_problems())
        found = [
            *self._get_binding_problems(),
            *(parent_problems or self._get_reseller_problems(reseller_first)),
            *self._get_uniqueness_problems(),
            *problems(self._get_snapshot()),
        ]
        return list(dict.fromkeys(found))

    def _get_binding_problems(self):
        partner, system = self.partner_id, self.system_id
        if not system.active:
            yield Problem("system_id", "system_archived")
        elif system.state == "disabled":
            yield Problem("system_id", "system_disabled")
        elif not system._is_own_database():
            yield Problem("system_id", "system_copied")
        if not partner.active:
            yield Problem("partner_id", "partner_archived")
        if partner.company_id and partner.company_id != system.company_id:
            yield Problem("system_id", "other_company")

    def _get_parent_problems(self):
        """What can never be right about role and parent."""
        parent = self.parent_id
        if parent and self.role == "reseller":
            yield Problem("parent_id", "reseller_with_parent")
        elif parent.partner_id and parent.partner_id == self.partner_id:
            yield Problem("parent_id", "parent_is_self")
        elif parent and parent.system_id != self.system_id:
            yield Problem("parent_id", "parent_other_system")
        elif parent and parent.role != "reseller":
            yield Problem("parent_id", "parent_not_reseller")
        is_new_user = self.role == "user" and not self.remote_id
        if is_new_user and (
            self._origin.child_ids or self.partner_id._count_panda_customers()
        ):
            yield Problem("role", "has_customers")

    def _get_reseller_problems(self, reseller_first):
        """What is not right yet about the reseller."""
        if self.role != "user" or self.remote_id or reseller_first:
            return
        reseller = self.partner_id.panda_reseller_id
        if self.parent_id and not self.parent_id.operator_ready:
            yield Problem("parent_id", "parent_not_synced")
        elif reseller and not self.parent_id:
            ready = reseller._get_panda_account(self.system_id).operator_ready
            yield Problem(
                "parent_id", "parent_missing" if ready else "parent_not_synced"
            )

    def _is_taken(self, remote_id):
        """Whether ``remote_id`` belongs to another account of Odoo."""
        # Sudo: what others have is taken, whether one may see them or not.
        others = self.sudo().search(
            [("system_id", "=", self.system_id.id), ("remote_id", "=", remote_id)],
            limit=1,
        )
        return bool(remote_id) and bool(others - self.sudo())

    def _get_domain_first_come(self):
        """Accounts whose e-mail address nobody else may use, as the engine sees it:
        those in Panda, then whoever came first."""
        in_panda = Domain("remote_id", "!=", False)
        if self.remote_id:
            return in_panda
        came_first = Domain("state", "!=", "draft")
        if self._origin.id:
            came_first &= Domain("id", "<", self._origin.id)
        return in_panda | came_first

    def _get_uniqueness_problems(self):
        # Sudo: what others use is taken, whether one may see them or not.
        others = self.sudo().with_context(active_test=False)
        same_system = Domain("system_id", "=", self.system_id._origin.id) & Domain(
            "id", "!=", self._origin.id
        )
        for name, code, domain in (
            ("username", "username_used", Domain.TRUE),
            ("email", "email_used", self._get_domain_first_come()),
        ):
            value = self[name]
            if value and others.search_count(
                same_system & domain & Domain(name, "=ilike", _literal(value)), limit=1
            ):
                yield Problem(name, code)


def _literal(text):
    """``text`` as a pattern that matches nothing but itself."""
    return text.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
