from odoo import models
from odoo.tools.mail import email_normalize, email_split

from ..panda_api.rules import EMAIL


class ResPartner(models.Model):
    """What Panda is told of a contact, in the form in which it is sent."""

    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    def _get_panda_person(self):
        """Return the contact person of this company, maybe empty."""
        people = self.child_ids.filtered(
            lambda p: p.type == "contact" and not p.is_company and p.name
        )
        return people.sorted(lambda p: not p.email)[:1]

    def _get_panda_email(self):
        """Return the bare e-mail address, or what cannot be read as one."""
        email = (self.email or "").strip()
        if EMAIL.fullmatch(email):
            return email.lower()
        several = len(email_split(email)) > 1
        address = not several and email_normalize(email)
        # Odoo reads "ada lovelace@example.com" as Lovelace's address.
        is_sure = "<" in email or address == email.lower()
        return (is_sure and address) or email or False

    def _get_panda_phone(self, person):
        """Return the number of ``person`` or of this contact in international form,
        ``False`` when none is readable."""
        country = person.country_id or self.country_id
        for number in filter(None, (person.phone, self.phone)):
            phone = self._phone_format(number=number, country=country)
            if phone:
                return phone
        return False
