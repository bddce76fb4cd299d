"""Headings of the preview, in the order in which they are shown."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

OUTCOMES = [
    ("create", "Ready"),
    ("waiting", "Waits"),
    ("link", "Link"),
    ("update", "Changed"),
    ("problem", "Problem"),
    ("busy", "Busy"),
    ("none", "Done"),
]

HEADINGS = [
    ("create", "Ready: will be created"),
    ("waiting", "Waits for its reseller: will be created after it"),
    ("link", "Exists in Panda: will be linked"),
    ("update", "Changed: will be updated in Panda"),
    ("email_missing", "Problem: no e-mail address"),
    ("email_invalid", "Problem: e-mail address not valid"),
    ("email_several", "Problem: more than one e-mail address"),
    ("email_used", "Problem: e-mail address used by another contact"),
    ("email_taken", "Problem: e-mail address taken in Panda"),
    ("phone_missing", "Problem: no readable phone number"),
    ("first_name_missing", "Problem: no contact person"),
    ("last_name_missing", "Problem: last name missing"),
    ("name_exists", "Problem: Panda has an account of this name"),
    ("several_matches", "Problem: Panda has several such accounts"),
    ("username_invalid", "Problem: username not valid"),
    ("username_taken", "Problem: username taken in Panda"),
    ("operator_exists", "Problem: Panda has another username for it"),
    ("parent_missing", "Problem: Parent Account missing"),
    ("parent_not_reseller", "Problem: Parent Account is not a reseller"),
    ("parent_not_found", "Problem: Panda does not know the reseller"),
    ("reseller_problem", "Problem: its reseller has a problem"),
    ("reseller_failed", "Problem: its reseller has failed"),
    ("reseller_hidden", "Problem: you may not see its reseller"),
    ("has_customers", "Problem: a reseller cannot have the role User"),
    ("other_company", "Problem: belongs to another company"),
    ("partner_archived", "Problem: contact is archived"),
    ("other", "Problem: something else"),
    ("busy", "In progress right now"),
    ("none", "Already there: nothing to do"),
]
"""Outcomes, and instead of *problem* the code of the first one."""

REMARKS = {
    "create": False,
    "waiting": _lt("Created as soon as its reseller %(reseller)s is ready."),
    "link": _lt("Linked to %(remote_id)s, which Panda has already."),
    "update": _lt("Panda is told what has changed."),
    "busy": _lt("It is being synchronized at this moment."),
    "none": _lt("Synchronized, and nothing has changed since."),
    "added": _lt("Added: the reseller of contacts that you have selected."),
    "unread": _lt("Panda has not been asked about this one yet: press Check Again."),
}

TOO_MANY = _lt(
    "Asking about so many takes more than a minute. Select fewer to have all of them "
    "looked up, or queue them: each is looked up before it is created."
)
