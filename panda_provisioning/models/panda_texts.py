"""What every code of an error means to whoever has to deal with it.

Placeholders are filled in by ``panda.message``.
"""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

PROBLEMS = {
    "role_missing": _lt("Choose a role: User for a customer, or Reseller."),
    "reseller_with_parent": _lt(
        "A reseller has no Parent Account. Empty it, or choose the role User."
    ),
    "parent_not_reseller": _lt("The Parent Account is not a reseller."),
    "parent_is_self": _lt("An account cannot be its own Parent Account."),
    "parent_other_system": _lt("The Parent Account is in another system or company."),
    "parent_not_synced": _lt("The reseller %(reseller)s is not synchronized yet."),
    "parent_missing": _lt(
        "%(reseller)s is the reseller of this contact. Choose it as Parent Account, or "
        "remove it from the contact to make this a direct customer."
    ),
    "reseller_problem": _lt(
        "Its reseller %(reseller)s has a problem of its own. Mend that first."
    ),
    "reseller_failed": _lt(
        "Its reseller %(reseller)s has failed. Mend that account first, or select both."
    ),
    "reseller_hidden": _lt(
        "You may not see the reseller of this contact. Ask a colleague who may to "
        "synchronize it."
    ),
    "has_customers": _lt(
        "%(contact)s is the reseller of other contacts, so the role must be Reseller."
    ),
    "partner_archived": _lt("%(contact)s is archived. Restore the contact first."),
    "system_archived": _lt(
        "The system %(system)s is archived. A Panda administrator can restore it under "
        "Panda > Configuration."
    ),
    "system_disabled": _lt(
        "The system %(system)s is disabled. A Panda administrator can enable it under "
        "Panda > Configuration."
    ),
    "system_copied": _lt(
        "This database is a copy of the one in which %(system)s was switched on, so it "
        "does not call Panda. To use it here all the same, disable and enable the "
        "system."
    ),
    "other_company": _lt("%(contact)s belongs to another company than %(system)s."),
    "username_missing": _lt("Enter a username."),
    "username_invalid": _lt(
        "A username has 5 to 65 characters: letters without accents, digits and "
        ". - _ + only. An e-mail address is none."
    ),
    "username_used": _lt(
        "The username is taken by another contact. Upper and lower case count as the "
        "same."
    ),
    "name_missing": _lt("The contact has no name."),
    "name_too_long": _lt("The name of the contact has over 200 characters."),
    "name_unprintable": _lt(
        "The name of the contact has characters that cannot be printed."
    ),
    "first_name_missing": _lt("Enter the first name, or add a person to the contact."),
    "first_name_too_long": _lt("The first name has over 200 characters."),
    "first_name_unprintable": _lt(
        "The first name has characters that cannot be printed."
    ),
    "last_name_missing": _lt("Enter the last name: Panda asks for both."),
    "last_name_too_long": _lt("The last name has over 200 characters."),
    "last_name_unprintable": _lt(
        "The last name has characters that cannot be printed."
    ),
    "email_missing": _lt(
        "%(contact)s has no e-mail address, to which Panda sends the activation."
    ),
    "email_invalid": _lt("“%(email)s” is not a valid e-mail address. Correct it."),
    "email_several": _lt(
        "“%(email)s” is more than one e-mail address. Panda takes a single one."
    ),
    "email_used": _lt(
        "The e-mail address %(email)s is used by another contact in this system. Panda "
        "accepts each address once."
    ),
    "phone_missing": _lt("%(contact)s has no phone number, which Panda asks for."),
    "phone_unreadable": _lt(
        "The phone number “%(phone)s” cannot be read. Write it with its country code, "
        "e.g. +32 470 12 34 56, or set the country of the contact."
    ),
}
"""Found in Odoo, before anything is sent."""

REFUSALS = {
    "username_taken": _lt(
        "Panda has given this username to somebody else already. Choose another one."
    ),
    "email_taken": _lt(
        "Panda knows the e-mail address %(email)s as that of another operator. Use "
        "another address on the contact."
    ),
    "operator_exists": _lt(
        "The account in Panda has an operator %(detail)s with this e-mail address. "
        "Link it, or enter that username."
    ),
    "name_exists": _lt(
        "Panda has an account of this name with another e-mail address (%(detail)s). "
        "If it is the same customer, link it or correct the e-mail address; otherwise "
        "choose to create another account."
    ),
    "several_matches": _lt(
        "Panda has several accounts of this name and e-mail address (%(detail)s). "
        "Choose which one it is, or remove all but one in WatchGuard Cloud and retry."
    ),
    "link_refused": _lt(
        "The account %(detail)s cannot be linked: in Panda it is not below the right "
        "account or of another role, or it belongs to another contact. Choose again."
    ),
    "parent_not_found": _lt(
        "Panda does not know the account %(parent_id)s of the reseller %(reseller)s. "
        "If it was deleted there, a Panda administrator can press Forget Panda Account "
        "on the account of the reseller and have it created anew."
    ),
    "root_not_found": _lt(
        "Panda does not know the root account %(root_id)s of %(system)s. A Panda "
        "administrator must correct it."
    ),
    "account_not_found": _lt(
        "The account %(remote_id)s does not exist in Panda any more. If it was deleted "
        "there, a Panda administrator can press Forget Panda Account on it and have it "
        "created anew."
    ),
    "rejected": _lt("Panda refuses the data of this contact: %(detail)s"),
    "update_refused": _lt("Panda refuses the change: %(detail)s"),
    "operator_refused": _lt("Panda could not create the operator: %(detail)s"),
    "conflict": _lt("Panda reports a conflict: %(detail)s"),
    "invalid_credentials": _lt(
        "Panda refuses the credentials of %(system)s. A Panda administrator must "
        "correct them."
    ),
    "token_refused": _lt(
        "Panda refuses the credentials of %(system)s. A Panda administrator must "
        "correct them."
    ),
    "forbidden": _lt(
        "The credentials of %(system)s may not do this in Panda. Perhaps they are the "
        "read-only ones, or the API key is wrong."
    ),
    "throttled": _lt("Panda asked to slow down."),
    "unreachable": _lt("Panda cannot be reached."),
    "timeout": _lt("Panda did not answer in time."),
    "lost_answer": _lt(
        "The answer of Panda was lost. Odoo looks there before it creates anything "
        "again."
    ),
    "server_error": _lt("Panda answered with an error of its own."),
    "unreadable": _lt("Panda answered something that cannot be read."),
    "transaction_stuck": _lt(
        "Panda has not finished creating the operator for a long time."
    ),
    "bug": _lt("An error in this software: %(detail)s"),
}
"""What Panda has answered, or not answered."""

UNKNOWN_REFUSAL = _lt("Panda refuses this: %(detail)s")
