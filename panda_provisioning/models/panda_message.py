from odoo import fields, models
from odoo.tools import format_datetime

from ..panda_api.connection_check import Finding

FIELD_OF_CODE = {
    "operator_exists": "username",
    "operator_refused": "username",
    "reseller_gone": "parent_id",
    "reseller_with_parent": "parent_id",
    "has_customers": "role",
    "several_matches": "name",
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


def field_of(code):
    """Return the field of ``panda.account`` that ``code`` is about, or ``""``."""
    return FIELD_OF_CODE.get(code) or FIELD_OF_WORD.get(code.split("_")[0], "")


class PandaMessage(models.AbstractModel):
    """Every error and state in the words of who has to deal with it."""

    _name = "panda.message"
    _description = "Panda Message"

    def _error(self, account):
        """Return why ``account`` is not synchronised and what to do, or ``False``."""
        if not account.error_code:
            return False
        text = self._problem(account, account.error_code)
        return text or self._refusal(account)

    def _problem(self, account, code):
        """Return the text of a problem found before any call, or ``None``."""
        _ = self.env._
        name = account.partner_id.display_name
        raw_phone = account.contact_id.phone or account.partner_id.phone
        if code == "phone_missing" and raw_phone:
            return _(
                "The phone number “%s” cannot be read. Write it with its country "
                "code, e.g. +32 470 12 34 56, or set the country of the contact.",
                raw_phone,
            )
        texts = {
            "role_missing": _("Choose a role: User for a customer, or Reseller."),
            "reseller_with_parent": _(
                "A reseller has no Parent Account. Empty it, or choose the role User."
            ),
            "parent_not_reseller": _("The Parent Account is not a reseller."),
            "parent_is_self": _("An account cannot be its own Parent Account."),
            "parent_other_system": _(
                "The Parent Account is in another system or company."
            ),
            "parent_not_synced": _(
                "The reseller %s is not synchronized yet.",
                account.parent_id.partner_id.display_name
                or account.partner_id.panda_reseller_id.display_name
                or "",
            ),
            "has_customers": _(
                "%s is the reseller of other contacts, so the role must be Reseller.",
                name,
            ),
            "partner_archived": _("%s is archived. Restore the contact first.", name),
            "parent_missing": _(
                "%s is the reseller of this contact. Choose him as Parent Account, or "
                "remove him from the contact to make it a direct customer.",
                account.partner_id.panda_reseller_id.display_name,
            ),
            "system_disabled": _(
                "The system %s is disabled. A Panda administrator can enable it under "
                "Panda > Configuration.",
                account.system_id.display_name,
            ),
            "system_copied": account.system_id._copied_database_message(),
            "other_company": _(
                "%(contact)s belongs to another company than %(system)s.",
                contact=name,
                system=account.system_id.display_name,
            ),
            "username_missing": _("Enter a username."),
            "username_invalid": _(
                "A username has 5 to 65 characters: letters without accents, digits "
                "and . - _ + only. An e-mail address is none."
            ),
            "username_used": _(
                "The username is taken by another contact. Upper and lower case count "
                "as the same."
            ),
            "name_missing": _("The contact has no name."),
            "name_too_long": _("The name of the contact has over 200 characters."),
            "name_unprintable": _(
                "The name of the contact has characters that cannot be printed."
            ),
            "first_name_missing": _(
                "Enter the first name, or add a person to the contact."
            ),
            "first_name_too_long": _("The first name has over 200 characters."),
            "first_name_unprintable": _(
                "The first name has characters that cannot be printed."
            ),
            "last_name_missing": _(
                "Enter the last name: Panda asks for both."
            ),
            "last_name_too_long": _("The last name has over 200 characters."),
            "last_name_unprintable": _(
                "The last name has characters that cannot be printed."
            ),
            "email_missing": _(
                "%s has no e-mail address, to which Panda sends the activation.", name
            ),
            "email_invalid": _(
                "“%s” is not a valid e-mail address. Correct it.",
                account.email,
            ),
            "email_several": _(
                "“%s” is more than one e-mail address. Panda takes a single one.",
                account.email,
            ),
            "email_used": _(
                "The e-mail address %s is used by another contact in this system. "
                "Panda accepts each address once.",
                account.email,
            ),
            "phone_missing": _("%s has no phone number, which Panda asks for.", name),
        }
        return texts.get(code)

    def _refusal(self, account):
        """Return the text for what Panda has answered, or not answered."""
        _ = self.env._
        detail = account.error_detail or ""
        texts = {
            "username_taken": _(
                "Panda has given this username to somebody else already. Choose "
                "another one."
            ),
            "email_taken": _(
                "Panda knows the e-mail address %s as that of another operator. Use "
                "another address on the contact.",
                account.email,
            ),
            "operator_exists": _(
                "The account in Panda has an operator %s with this e-mail address. "
                "Enter that username to link it.",
                detail,
            ),
            "name_exists": _(
                "Panda has an account of this name with another e-mail address (%s). "
                "Correct the e-mail address if it is the same customer, or choose to "
                "create another account.",
                detail,
            ),
            "several_matches": _(
                "Panda has several accounts of this name and e-mail address (%s). "
                "Remove all but one in WatchGuard Cloud, then retry.",
                detail,
            ),
            "already_linked": _(
                "The account that was found in Panda belongs to another contact."
            ),
            "parent_not_found": self._parent_not_found(account),
            "account_not_found": _(
                "The account %s does not exist in Panda any more. If it was deleted "
                "by hand, ask a Panda administrator.",
                account.remote_id,
            ),
            "rejected": _("Panda refuses the data of this contact: %s", detail),
            "operator_refused": _("Panda could not create the operator: %s", detail),
            "conflict": _("Panda reports a conflict: %s", detail),
            "invalid_credentials": _(
                "Panda refuses the credentials of %s. A Panda administrator must "
                "correct them.",
                account.system_id.display_name,
            ),
            "forbidden": _(
                "The credentials of %s may not do this in Panda. Perhaps they are the "
                "read-only ones, or the API key is wrong.",
                account.system_id.display_name,
            ),
            "throttled": _("Panda asked to slow down."),
            "unreachable": _("Panda cannot be reached."),
            "timeout": _("Panda did not answer in time."),
            "lost_answer": _(
                "The answer of Panda was lost. Odoo looks there before it creates "
                "anything again."
            ),
            "server_error": _("Panda answered with an error of its own."),
            "unreadable": _("Panda answered something that cannot be read."),
            "transaction_stuck": _(
                "Panda has not finished creating the operator for a long time."
            ),
            "bug": _("An error in this software: %s", detail),
        }
        texts["token_refused"] = texts["invalid_credentials"]
        return texts.get(account.error_code) or _(
            "Panda refuses this: %s", detail or account.error_code
        )

    def _parent_not_found(self, account):
        """Return that Panda knows nothing of what this account would be below."""
        _ = self.env._
        if account.parent_id:
            return _(
                "Panda does not know the account %(id)s of the reseller %(reseller)s. "
                "It may have been deleted there.",
                id=account.parent_id.remote_id,
                reseller=account.parent_id.display_name,
            )
        return _(
            "Panda does not know the root account %(id)s of %(system)s. A Panda "
            "administrator must correct it.",
            id=account.system_id.root_account_id,
            system=account.system_id.display_name,
        )

    def _news(self, account):
        """Return what the followers of the contact should hear, as plain text."""
        _ = self.env._
        system = account.system_id.display_name
        if account.state == "failed":
            return _(
                "Not synchronized with %(system)s: %(reason)s",
                system=system,
                reason=account.error_message,
            )
        if account._has_another_login_email():
            return self._login_email(account)
        if account.announced:
            return _("Synchronized with %s again.", system)
        if account.adopted:
            return _(
                "Linked to %(id)s, which was in %(system)s already.",
                id=account.remote_id,
                system=system,
            )
        return _(
            "Created in %(system)s as %(id)s. The activation e-mail went to %(email)s.",
            system=system,
            id=account.remote_id,
            email=account.activation_email,
        )

    def _login_email(self, account):
        """Return what became of a change of the e-mail address."""
        return self.env._(
            "The account in Panda has the new e-mail address %(new)s. Its operator "
            "%(username)s keeps %(old)s: Panda does not let anybody change that.",
            new=account.email,
            username=account.username,
            old=account.activation_email,
        )

    def _health(self, system):
        """Return why ``system`` does not work and when it is tried again."""
        _ = self.env._
        if system.health not in ("throttled", "quarantined"):
            return False
        finding = Finding("", system.health_code)
        return _(
            "Interrupted since %(since)s. %(reason)s Next try: %(next)s.",
            since=format_datetime(self.env, system.health_since),
            reason=system._finding_message(finding),
            next=format_datetime(self.env, system.next_probe_at),
        )

    def _status(self, account):
        """Return the state of ``account`` with what it waits for."""
        _ = self.env._
        label = dict(account._fields["state"]._description_selection(self.env))
        state = label[account.state]
        if account.state == "waiting":
            return _(
                "%(status)s %(reseller)s (%(reseller_status)s)",
                status=_("Waiting for"),
                reseller=account.parent_id.display_name,
                reseller_status=label[account.parent_id.state or "draft"],
            )
        if account.state in ("retry", "unknown") and account.next_attempt_at:
            return _("%(status)s: %(time)s", status=state, time=self._next_try(account))
        return state

    def _next_try(self, account):
        """Return when ``account`` is tried again, for people."""
        _ = self.env._
        seconds = (account.next_attempt_at - fields.Datetime.now()).total_seconds()
        if seconds <= 60:
            return _("next try within a minute")
        if seconds < 3600:
            return _("next try in %s minutes", round(seconds / 60))
        return _("next try %s", format_datetime(self.env, account.next_attempt_at))
