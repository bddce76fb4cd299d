from odoo import models
from odoo.tools import format_datetime

from ..panda_api.connection_check import Finding
from .panda_texts import PROBLEMS, REFUSALS, UNKNOWN_REFUSAL

FIELD_OF_CODE = {
    "operator_exists": "username",
    "operator_refused": "partner_id",
    "update_refused": "partner_id",
    "reseller_with_parent": "parent_id",
    "has_customers": "role",
    "several_matches": "name",
    "link_refused": "name",
    "partner_archived": "partner_id",
    "other_company": "system_id",
    "rejected": "partner_id",
    "conflict": "partner_id",
}
"""Which field of the account a code is about, where its first word does not say."""

FIELD_OF_WORD = {
    "role": "role",
    "username": "username",
    "parent": "parent_id",
    "reseller": "parent_id",
    "name": "name",
    "first": "first_name",
    "last": "last_name",
    "email": "email",
    "phone": "phone",
    "root": "system_id",
    "system": "system_id",
}

PARTNER_FIELDS = {
    "name": {"name"},
    "email": {"email"},
    "phone": {"phone", "country_id"},
    "first_name": {"name"},
    "last_name": {"name"},
    "partner_id": {"active", "name", "email", "phone"},
}
"""Fields of the contact that a field of the account is made of."""

SHOWN_CUSTOMERS = 5


def field_of(code):
    """Return the field of ``panda.account`` that ``code`` is about, or ``""``."""
    return FIELD_OF_CODE.get(code) or FIELD_OF_WORD.get(code.split("_")[0], "")


class PandaMessage(models.AbstractModel):
    """Every error and state in the words of who has to deal with it."""

    _name = "panda.message"
    _description = "Panda Message"

    def _error(self, account):
        """Return why ``account`` is not synchronised and what to do, or ``False``."""
        code = account.error_code
        if not code:
            return False
        text = REFUSALS.get(code)
        return (text and self._fill_in(text, account)) or self._problem(account, code)

    def _problem(self, account, code):
        """Return the text of a problem found before any call."""
        if code == "phone_missing" and self._get_phone(account):
            code = "phone_unreadable"
        return self._fill_in(PROBLEMS.get(code, UNKNOWN_REFUSAL), account)

    def _refusal(self, account, error):
        """Return the text of a :class:`PandaError` that ``account`` has met."""
        code = "account_not_found" if error.code == "not_found" else error.code
        return self._fill_in(REFUSALS.get(code, UNKNOWN_REFUSAL), account, error.detail)

    def _fill_in(self, text, account, detail=None):
        """Return ``text`` translated, with what is known of ``account``."""
        partner, system, parent = (
            account.partner_id,
            account.system_id,
            account.parent_id,
        )
        # Sudo: its name is on the contact for all to see, as of any many2one.
        reseller = (parent.partner_id or partner.panda_reseller_id).sudo()
        values = {
            "contact": partner.display_name,
            "detail": detail or account.error_detail or account.error_code or "",
            "email": account.email or "",
            "parent_id": parent.remote_id or "",
            "phone": self._get_phone(account),
            "remote_id": account.remote_id or "",
            "reseller": reseller.display_name or "",
            "root_id": system.root_account_id or "",
            "system": system.display_name,
        }
        return str(self.env._(text)) % values

    def _get_phone(self, account):
        return account.contact_id.phone or account.partner_id.phone or ""

    def _news(self, account):
        """Return what the followers of the contact should hear, as plain text."""
        system = account.system_id.display_name
        if account.state == "failed":
            return self.env._(
                "Not synchronized with %(system)s: %(reason)s",
                system=system,
                reason=" ".join(
                    filter(None, (account.error_message, self._customers(account)))
                ),
            )
        is_new = not account._was_told_ready()
        if account.adopted and is_new:
            return self.env._(
                "Linked to %(id)s, which was in %(system)s already. Its operator "
                "%(username)s has the e-mail address %(email)s.",
                id=account.remote_id,
                system=system,
                username=account.username,
                email=account.activation_email,
            )
        if account._has_another_login_email():
            return self._login_email(account)
        if not is_new:
            return self.env._("Synchronized with %s again.", system)
        return self.env._(
            "Created in %(system)s as %(id)s. The activation e-mail went to %(email)s.",
            system=system,
            id=account.remote_id,
            email=account.activation_email,
        )

    def _customers(self, account):
        """Return who waits for ``account``, a reseller that has failed."""
        waiting = account.child_ids.filtered(lambda child: child.state == "waiting")
        if not waiting:
            return ""
        names = ", ".join(waiting[:SHOWN_CUSTOMERS].mapped("display_name"))
        return self.env._(
            "Customers who wait for it (%(count)s): %(names)s.",
            count=len(waiting),
            names=f"{names}, …" if len(waiting) > SHOWN_CUSTOMERS else names,
        )

    def _login_email(self, account):
        """Return with which e-mail address the operator was made, not today's."""
        if (account.sent_email or "").lower() != (account.email or "").lower():
            return self.env._(
                "The operator %(username)s in Panda has the e-mail address %(old)s, "
                "not %(new)s: Panda does not let anybody change that.",
                new=account.email,
                username=account.username,
                old=account.activation_email,
            )
        return self.env._(
            "The account in Panda has the new e-mail address %(new)s. Its operator "
            "%(username)s keeps %(old)s: Panda does not let anybody change that.",
            new=account.email,
            username=account.username,
            old=account.activation_email,
        )

    def _health(self, system):
        """Return why ``system`` does not work and when it is tried again."""
        if system.health not in ("throttled", "quarantined"):
            return False
        since = format_datetime(self.env, system.health_since)
        next_at = format_datetime(self.env, system.next_probe_at)
        if system.health == "throttled":
            return self.env._(
                "Slowed down since %(since)s, as Panda asks for. Odoo goes on by "
                "itself. Next try: %(next)s.",
                since=since,
                next=next_at,
            )
        return self.env._(
            "Interrupted since %(since)s. %(reason)s Odoo goes on by itself as soon as "
            "Panda answers. Next try: %(next)s.",
            since=since,
            reason=system._finding_message(Finding("", system.health_code)),
            next=next_at,
        )
