from odoo import models

from .panda_message import field_of

LINK, OPTIONS, CONTACT, RESELLER, SYSTEM, FORGET, NOW, DONE = (
    "action_link",
    "action_open_options",
    "action_open_contact",
    "action_open_reseller",
    "action_open_system",
    "action_forget_remote",
    "action_synchronize_now",
    "action_mark_done",
)

REMEDIES_OF_CODE = {
    "several_matches": [LINK],
    "name_exists": [LINK, OPTIONS],
    "operator_exists": [LINK, OPTIONS],
    "link_refused": [LINK],
    "account_not_found": [FORGET],
    "parent_not_found": [RESELLER],
    "parent_not_synced": [RESELLER],
    "rejected": [OPTIONS, CONTACT],
    "conflict": [OPTIONS, CONTACT],
    "operator_refused": [OPTIONS, CONTACT],
    "update_refused": [OPTIONS, CONTACT],
    "invalid_credentials": [SYSTEM],
    "token_refused": [SYSTEM],
    "forbidden": [SYSTEM],
    "root_not_found": [SYSTEM],
}
"""What mends an error, where the field at fault does not say."""

REMEDIES_OF_FIELD = {
    "name": [CONTACT],
    "partner_id": [CONTACT],
    "system_id": [SYSTEM],
}
"""What mends a field that is not in Sync Options."""


class PandaAccount(models.Model):
    """The buttons that lead on from where an account stands."""

    _inherit = "panda.account"  # pylint: disable=consider-merging-classes-inherited

    def _get_remedies(self):
        """Return the buttons that lead on, the one that mends most surely first.

        Note: `self.ensure_one()`

        :return: ``[{"name": str, "string": str}]``, methods and labels
        """
        self.ensure_one()
        labels = self._get_remedy_labels()
        names = [name for name in self._get_remedy_names() if name in labels]
        return [{"name": name, **labels[name]} for name in dict.fromkeys(names)]

    def _get_remedy_names(self):
        if self.state == "draft":
            return [OPTIONS, DONE]
        if self.state == "waiting":
            return [RESELLER, DONE]
        if self.state == "queued":
            stopped = not self.system_id._may_be_called() or self.system_id._is_paused()
            return [SYSTEM] if stopped else [NOW]
        if self.state in ("failed", "retry", "unknown"):
            return [*self._get_cures(), NOW, DONE]
        return []

    def _get_cures(self):
        """Return what removes the reason why it is not synchronised."""
        code = self.error_code or ""
        at_fault = field_of(code)
        default = [OPTIONS] if at_fault else []
        return REMEDIES_OF_CODE.get(code) or REMEDIES_OF_FIELD.get(at_fault, default)

    def _get_remedy_labels(self):
        """Return label and question of each button that this user may press."""
        at_fault = self.state == "failed" and field_of(self.error_code or "")
        labels = {
            LINK: {"string": self.env._("Link to Existing")},
            OPTIONS: {
                "string": self.env._("Go to the Field")
                if at_fault not in (False, "", "partner_id", "name")
                else self.env._("Sync Options")
            },
            CONTACT: {"string": self.env._("Open Contact")},
            RESELLER: {"string": self.env._("Go to the Reseller")},
            NOW: {"string": self._get_retry_label()},
            DONE: {"string": self.env._("Mark as Done Elsewhere")},
        }
        if not self.parent_id:
            del labels[RESELLER]
        if self.env["panda.system"].has_access("write"):
            labels[SYSTEM] = {"string": self.env._("Open System")}
        if self.can_be_forgotten and self.has_access("unlink"):
            labels[FORGET] = {
                "string": self.env._("Forget Panda Account"),
                "confirm": self.env._(
                    "Only if the account was deleted in Panda: it is created anew "
                    "there, and the customer gets another activation e-mail."
                ),
            }
        return labels

    def _get_retry_label(self):
        if self.state == "unknown":
            return self.env._("Look in Panda Now")
        if self.state == "queued":
            return self.env._("Synchronize Now")
        return self.env._("Retry Now")
