"""What every code of the error catalogue says to people; see ``core/error_catalogue``.

``LABELS`` are headings, ``TEXTS`` what is wrong with an account and what to do,
``CONNECTION_TEXTS`` the same to the administrator who tests a connection.
Placeholders are filled in by ``panda.message``.
"""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

LABELS = [
    ("system_archived", "System is archived"),
    ("system_disabled", "System is disabled"),
    ("system_copied", "Database is a copy"),
    ("secrets_unreadable", "Credentials cannot be decrypted"),
    ("partner_archived", "Contact is archived"),
    ("other_company", "Contact belongs to another company"),
    ("withdrawn", "Order was cancelled"),
    ("role_missing", "No role"),
    ("has_customers", "Role User, but it has customers"),
    ("reseller_with_parent", "Reseller with a Parent Account"),
    ("parent_is_self", "Account is its own Parent Account"),
    ("parent_other_system", "Parent Account is in another system"),
    ("parent_not_reseller", "Parent Account is not a reseller"),
    ("parent_missing", "Parent Account missing"),
    ("parent_not_synced", "Reseller is not synchronized"),
    ("reseller_problem", "Reseller has a problem"),
    ("reseller_failed", "Reseller has failed"),
    ("reseller_hidden", "Reseller is not visible to you"),
    ("username_missing", "No username"),
    ("username_invalid", "Username not valid"),
    ("username_used", "Username used by another contact"),
    ("name_missing", "No name"),
    ("name_too_long", "Name too long"),
    ("name_unprintable", "Name not printable"),
    ("email_missing", "No e-mail address"),
    ("email_invalid", "E-mail address not valid"),
    ("email_several", "More than one e-mail address"),
    ("email_used", "E-mail address used by another contact"),
    ("first_name_missing", "No first name"),
    ("first_name_too_long", "First name too long"),
    ("first_name_unprintable", "First name not printable"),
    ("last_name_missing", "No last name"),
    ("last_name_too_long", "Last name too long"),
    ("last_name_unprintable", "Last name not printable"),
    ("phone_missing", "No readable phone number"),
    ("phone_unreadable", "Phone number cannot be read"),
    ("username_taken", "Username taken in Panda"),
    ("email_taken", "E-mail address taken in Panda"),
    ("operator_exists", "Panda has another username for it"),
    ("name_exists", "Panda has an account of this name"),
    ("several_matches", "Panda has several matching accounts"),
    ("too_many_strangers", "Outcome unknown, too many accounts to compare"),
    ("conflict", "Conflict in Panda"),
    ("rejected", "Panda refuses the data"),
    ("blocked", "Blocked on the way to Panda"),
    ("operator_refused", "Panda refuses the operator"),
    ("update_refused", "Panda refuses the change"),
    ("link_refused", "Account cannot be linked"),
    ("not_found", "Unknown to Panda"),
    ("account_not_found", "Account no longer exists in Panda"),
    ("parent_not_found", "Panda does not know the reseller"),
    ("root_not_found", "Panda does not know the root account"),
    ("invalid_credentials", "Credentials refused"),
    ("token_refused", "Access token refused"),
    ("forbidden", "No permission in Panda"),
    ("wrong_api_key", "API key refused"),
    ("unknown_root_account", "Root account out of reach"),
    ("root_account_is_customer", "Root account is a customer"),
    ("read_only_access_id", "Read-only Access ID"),
    ("throttled", "Rate limit reached"),
    ("daily_limit", "Daily limit used up"),
    ("server_error", "Server error in Panda"),
    ("unreachable", "Panda cannot be reached"),
    ("certificate", "Certificate not trusted"),
    ("timeout", "Panda timed out"),
    ("invalid_url", "API address not valid"),
    ("inconsistent_listing", "Answer contradicts itself"),
    ("unreadable", "Answer cannot be read"),
    ("unexpected_status", "Unexpected answer"),
    ("too_many", "Too many contacts to look up"),
    ("lost_answer", "Answer lost"),
    ("transaction_stuck", "Operator still pending in Panda"),
    ("update_stuck", "Change still pending in Panda"),
    ("not_sent", "Not sent in time"),
    ("unsavable", "Answer cannot be stored"),
    ("bug", "Software error"),
]
"""``error_code`` as people read it; a list, since Odoo translates Selections."""

DAILY_LIMIT = _lt(
    "The daily limit of requests is used up. Odoo goes on at midnight UTC."
)
TEXTS = {
    # Found in Odoo, before anything is sent.
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
        "This database is a copy of the one in which %(system)s was switched on, or it "
        "was moved, so it does not call Panda. If it is the production now, a Panda "
        "administrator confirms that with This Is the Production in the system."
    ),
    "secrets_unreadable": _lt(
        "The credentials of %(system)s cannot be decrypted: the encryption key in the "
        "server's configuration is missing, damaged or another one. Nothing is lost: "
        "put the right key back, or enter Access Password and API Key again."
    ),
    "other_company": _lt("%(contact)s belongs to another company than %(system)s."),
    "withdrawn": _lt(
        "The order that needed this account was cancelled before Panda had finished. "
        "Nothing more is sent. To provision %(contact)s all the same, retry."
    ),
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
    # What Panda has answered, or not answered.
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
    "too_many_strangers": _lt(
        "It is not known whether Panda has created this account, and Panda has "
        "%(detail)s others that Odoo does not know: too many to compare. Look for it "
        "in WatchGuard Cloud. If it is there, give it the name of this contact and "
        "link it; if not, have another account created in Sync Options."
    ),
    "link_refused": _lt(
        "The account %(detail)s cannot be linked: in Panda it is not below the right "
        "account or of another role, or it belongs to another contact. Choose another "
        "one, or have an account created in Sync Options."
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
    "blocked": _lt(
        "A firewall on the way to Panda has refused the data of this contact with a "
        "web page. The credentials are not at fault. Look for unusual characters in "
        "the name, such as < or quotation marks, or ask who runs the firewall."
    ),
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
    "daily_limit": DAILY_LIMIT,
    "unreachable": _lt("Panda cannot be reached."),
    "certificate": _lt(
        "The certificate at the API address of %(system)s is not trusted: %(detail)s. "
        "Nothing was sent."
    ),
    "timeout": _lt("Panda did not answer in time."),
    "lost_answer": _lt(
        "The answer of Panda was lost. Odoo looks there before it creates anything "
        "again."
    ),
    "server_error": _lt("Panda answered with an error of its own."),
    "inconsistent_listing": _lt(
        "The answer of Panda contradicts itself (%(detail)s), so it does not show "
        "whether this account exists there. Nothing is created until it does."
    ),
    "unreadable": _lt("Panda answered something that cannot be read."),
    "transaction_stuck": _lt(
        "Panda has not finished creating the operator for a long time."
    ),
    "update_stuck": _lt("Panda has not finished the change for a long time."),
    "not_sent": _lt("The request was not sent in time. Nothing was changed in Panda."),
    "unsavable": _lt("Odoo cannot store what Panda answered (%(detail)s)."),
    "bug": _lt("An error in this software: %(detail)s"),
    "invalid_url": _lt("The API address of %(system)s is not valid."),
    "unexpected_status": _lt("Panda answered something unexpected: %(detail)s"),
    "wrong_api_key": _lt("Panda refuses the API key of %(system)s."),
    "unknown_root_account": _lt(
        "The credentials of %(system)s do not reach its root account %(root_id)s."
    ),
    "root_account_is_customer": _lt(
        "The root account %(root_id)s of %(system)s is a customer in Panda. It must be "
        "a service provider."
    ),
    "read_only_access_id": _lt(
        "%(system)s has the read-only Access ID. It needs the read-write one."
    ),
    "too_many": _lt(
        "Asking about so many takes more than a minute. Select fewer to have all of "
        "them looked up, or queue them: each is looked up before it is created."
    ),
}
TEXTS["not_found"] = TEXTS["account_not_found"]

CONNECTION_TEXTS = {
    "connected": _lt("Connected to %(detail)s; everything is in order."),
    "invalid_credentials": _lt(
        "Panda refuses the Access ID or its password. Copy both again from WatchGuard "
        "Cloud, Administration > Managed Access."
    ),
    "wrong_api_key": _lt(
        "The Access ID and its password are right, but Panda refuses the API key. Copy "
        "it again from WatchGuard Cloud."
    ),
    "unknown_root_account": _lt(
        "The credentials are right, but Panda knows no root account %(root_id)s within "
        "their reach. Check the Root Account."
    ),
    "root_account_is_customer": _lt(
        "The Root Account %(detail)s is a customer. It must be a service provider."
    ),
    "read_only_access_id": _lt(
        "This is the read-only Access ID. Use the read-write one."
    ),
    "throttled": _lt("Panda is busy. That passes within minutes."),
    "daily_limit": DAILY_LIMIT,
    "server_error": _lt(
        "Panda answers with an error of its own. That usually passes within minutes."
    ),
    "certificate": _lt(
        "The certificate at %(url)s is not trusted: %(detail)s. Check the API address, "
        "the clock of this server and its list of certificates."
    ),
    "blocked": _lt(
        "A firewall on the way to Panda refuses the requests of this server with a web "
        "page. Ask who runs it, or check the API address."
    ),
    "inconsistent_listing": _lt(
        "The answer of Panda contradicts itself: %(detail)s. That usually passes "
        "within minutes."
    ),
    "unreachable": _lt(
        "Nothing that looks like Panda answers at %(url)s. Check the API address."
    ),
}
"""The last one is said of every other code too."""
