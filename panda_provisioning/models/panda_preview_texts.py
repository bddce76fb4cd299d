"""Headings of the preview, in the order in which they are shown."""

from odoo.tools.translate import LazyTranslate

from .panda_error_texts import LABELS

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
    *LABELS,
    ("busy", "In progress right now"),
    ("none", "Already there: nothing to do"),
]
"""Outcomes, and instead of *problem* the error code of the first one."""

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
