"""Who may call, read and write what of *Panda Provisioning*.

`access_case.py` looks for itself what there is. What has no row here fails the test: a
new method, field, wizard or route does not go without a decision on who may.

Roles are those of `access_case.py`: ``anonymous``, ``portal``, ``employee`` (who may
edit contacts), ``user`` and ``manager`` of Panda, ``owner``, a manager who may change
addresses, and ``foreign``, an owner in another company. Whoever is not named is
refused.
"""

NOBODY = ""
MANAGERS = "manager owner"
PANDA = f"user {MANAGERS}"
"""Whoever works with the records of this company."""
OWN = f"{PANDA} foreign"
"""The same where it is about no record, or about one of their own."""
EDITORS = f"employee {PANDA}"
EVERYBODY = f"anonymous portal {EDITORS} foreign"

METHODS = {
    "panda.account": {
        "action_check_operator": PANDA,
        "action_forget_remote": MANAGERS,
        "action_link": PANDA,
        "action_mark_done": PANDA,
        "action_open_contact": PANDA,
        "action_open_log": PANDA,
        "action_open_options": PANDA,
        "action_open_reseller": PANDA,
        "action_open_system": PANDA,
        "action_preview": PANDA,
        "action_retry": PANDA,
        "action_synchronize": PANDA,
        "action_synchronize_now": PANDA,
        "create": PANDA,
        "default_get": OWN,
        "get_import_templates": OWN,
        "onchange": PANDA,
        "write": PANDA,
    },
    "panda.guard.mixin": {
        "create": NOBODY,
        "default_get": NOBODY,
        "onchange": NOBODY,
        "write": NOBODY,
    },
    "panda.link": {
        "action_retry": PANDA,
        "create": PANDA,
        "default_get": OWN,
        "onchange": PANDA,
        "write": PANDA,
    },
    "panda.link.line": {
        "action_choose": PANDA,
        "create": PANDA,
        "default_get": OWN,
        "onchange": PANDA,
        "write": PANDA,
    },
    "panda.mark.done": {
        "action_confirm": PANDA,
        "create": PANDA,
        "default_get": OWN,
        "onchange": PANDA,
        "write": PANDA,
    },
    "panda.move": {
        "action_confirm": "owner",
        "create": "owner",
        "default_get": "owner foreign",
        "onchange": "owner",
        "write": "owner",
    },
    "panda.preview": {
        "action_open": PANDA,
        "action_queue": PANDA,
        "create": NOBODY,
        "default_get": NOBODY,
        "get_totals": PANDA,
        "onchange": PANDA,
        "write": PANDA,
    },
    "panda.sandbox.connect": {"action_connect": MANAGERS},
    "panda.sync.log": {},
    "panda.sync.options": {
        "action_open_contact": PANDA,
        "action_open_reseller": PANDA,
        "action_save": PANDA,
        "action_save_and_synchronize": PANDA,
        "create": PANDA,
        "default_get": OWN,
        "onchange": PANDA,
        "write": PANDA,
    },
    "panda.system": {
        "action_open_accounts": PANDA,
        "action_confirm_production": MANAGERS,
        "action_move": "owner",
        "action_test_connection": MANAGERS,
        "create": f"{MANAGERS} foreign",
        "default_get": f"{MANAGERS} foreign",
        "dismiss_first_steps": MANAGERS,
        "get_first_steps": PANDA,
        "onchange": MANAGERS,
        "write": MANAGERS,
    },
    "provisioning.systems": {
        "action_configure": f"{MANAGERS} foreign",
        "create": PANDA,
        "default_get": OWN,
        "onchange": PANDA,
        "write": PANDA,
    },
    "provisioning.systems.line": {
        "action_open_details": PANDA,
        "action_open_options": PANDA,
        "action_retry": PANDA,
        "create": PANDA,
        "default_get": OWN,
        "onchange": PANDA,
        "write": PANDA,
    },
    "res.partner": {
        "action_open_panda_systems": PANDA,
        "action_panda_synchronize": PANDA,
        "action_preview_panda": PANDA,
        # As in Odoo itself, which asks for rights on contacts and not on Panda.
        "create": f"{EDITORS} foreign",
        "default_get": EVERYBODY,
        "get_import_templates": EVERYBODY,
        "onchange": EDITORS,
        "panda_provision": PANDA,
        "unlink": EDITORS,
        "write": EDITORS,
    },
}

ARGUMENTS = {
    ("panda.account", "create"): {
        "vals_list": [{"partner_id": "$spare", "system_id": "$system"}]
    },
    ("panda.account", "default_get"): {"fields": ["system_id"]},
    ("panda.account", "onchange"): {
        "values": {"contact_id": "$partner"},
        "field_names": ["contact_id"],
        "fields_spec": {"first_name": {}},
    },
    ("panda.account", "write"): {"vals": {"username": "chosen.by.hand"}},
    ("panda.link", "create"): {"vals_list": [{"account_id": "$account"}]},
    ("panda.link", "onchange"): {
        "values": {"account_id": "$account"},
        "field_names": ["account_id"],
        "fields_spec": {"remote_id": {}},
    },
    ("panda.link", "write"): {"vals": {"account_id": "$account"}},
    ("panda.link.line", "create"): {"vals_list": [{"link_id": "$link"}]},
    ("panda.link.line", "onchange"): {
        "values": {"link_id": "$link"},
        "field_names": ["link_id"],
        "fields_spec": {"is_bound": {}},
    },
    ("panda.link.line", "write"): {"vals": {"link_id": "$link"}},
    ("panda.mark.done", "create"): {
        "vals_list": [{"account_id": "$account", "reason": "By hand"}]
    },
    ("panda.mark.done", "onchange"): {
        "values": {"account_id": "$account"},
        "field_names": ["account_id"],
        "fields_spec": {"remote_id": {}, "role": {}},
    },
    ("panda.mark.done", "write"): {"vals": {"account_id": "$account"}},
    ("panda.move", "create"): {
        "vals_list": [{"system_id": "$system", "root_account_id": "ACC-9"}]
    },
    ("panda.move", "onchange"): {
        "values": {"system_id": "$system"},
        "field_names": ["system_id"],
        "fields_spec": {"base_url": {}, "known_count": {}},
    },
    ("panda.move", "write"): {"vals": {"system_id": "$system"}},
    ("panda.preview", "action_open"): {"partner_ids": ["$partner"]},
    ("panda.preview", "onchange"): {
        "values": {"name": "New"},
        "field_names": ["name"],
        "fields_spec": {"username": {}},
    },
    ("panda.preview", "write"): {"vals": {"username": "chosen.by.hand"}},
    ("panda.sync.options", "create"): {
        "vals_list": [{"partner_id": "$partner", "system_id": "$system"}]
    },
    ("panda.sync.options", "onchange"): {
        "values": {"partner_id": "$partner", "system_id": "$system"},
        "field_names": ["partner_id"],
        "fields_spec": {"first_name": {}, "username": {}},
    },
    ("panda.sync.options", "write"): {"vals": {"username": "chosen.by.hand"}},
    ("panda.system", "create"): {"vals_list": [{"name": "Another"}]},
    ("panda.system", "write"): {"vals": {"name": "Renamed"}},
    ("provisioning.systems", "create"): {"vals_list": [{"partner_id": "$partner"}]},
    ("provisioning.systems", "onchange"): {
        "values": {"partner_id": "$partner"},
        "field_names": ["partner_id"],
        "fields_spec": {"may_configure": {}},
    },
    ("provisioning.systems", "write"): {"vals": {"partner_id": "$partner"}},
    ("provisioning.systems.line", "create"): {
        "vals_list": [
            {"popup_id": "$popup", "res_model": "panda.system", "res_id": "$system"}
        ]
    },
    ("provisioning.systems.line", "onchange"): {
        "values": {
            "popup_id": "$popup",
            "res_model": "panda.system",
            "res_id": "$system",
        },
        "field_names": ["popup_id"],
        "fields_spec": {"username": {}},
    },
    ("provisioning.systems.line", "write"): {"vals": {"popup_id": "$popup"}},
    ("res.partner", "create"): {"vals_list": [{"name": "New"}]},
    ("res.partner", "default_get"): {"fields": ["panda_reseller_id"]},
    ("res.partner", "onchange"): {
        "values": {"name": "New"},
        "field_names": ["name"],
        "fields_spec": {"panda_username": {}},
    },
    ("res.partner", "write"): {"vals": {"comment": "Edited"}},
}
"""What methods are called with; ``$`` stands for a record of the test."""

DEFAULT_ARGUMENTS = {
    "create": {"vals_list": [{}]},
    "default_get": {"fields": []},
    "onchange": {"values": {}, "field_names": [], "fields_spec": {}},
    "write": {"vals": {}},
}

COMPUTED = "-"
"""Instead of who may write: nobody can, there is nothing to write to."""

FIELDS = {
    "panda.account": {
        (PANDA, PANDA): "contact_id create_anyway first_name last_name parent_id"
        " partner_id role system_id username",
        (PANDA, NOBODY): "activation_email activation_sent_at adopted attempt_count"
        " is_withdrawn remote_created_at"
        " child_ids chosen_remote_id company_id done_elsewhere email error_code"
        " error_detail failed_at last_notified last_sync_at log_ids marker_at"
        " next_attempt_at notification_error notification_pending operator_ready"
        " outcome phone remote_id resync_requested run_token sent_email"
        " sent_fingerprint sent_name state step synced_fingerprint transaction_id",
        (PANDA, COMPUTED): "can_be_forgotten error_message explanation notice"
        " status_text timeline",
    },
    "panda.link": {
        (PANDA, PANDA): "account_id line_ids",
        (PANDA, COMPUTED): "remote_id",
    },
    "panda.link.line": {
        # What is chosen is looked up again, so nobody gains by writing it.
        (PANDA, PANDA): "email is_unreadable link_id name remote_id username",
        (PANDA, COMPUTED): "is_bound",
    },
    "panda.mark.done": {
        (PANDA, PANDA): "account_id reason remote_id",
        (PANDA, COMPUTED): "known_remote_id role",
    },
    "panda.move": {
        ("owner", "owner"): "accept_unknown accounts base_url root_account_id"
        " system_id",
        ("owner", COMPUTED): "known_count unknown_count",
    },
    "panda.preview": {
        (PANDA, PANDA): "create_anyway email first_name last_name name"
        " panda_reseller_id phone role username",
        (PANDA, NOBODY): "account_id account_is_locked heading operator_is_locked"
        " outcome partner_id requests sequence",
        (PANDA, COMPUTED): "remark",
    },
    "panda.sandbox.connect": {(MANAGERS, MANAGERS): "url"},
    "panda.sync.log": {
        (PANDA, NOBODY): "account_id correlation_id date duration_ms error_class"
        " http_status message method path request_body response_body step system_id",
        (PANDA, COMPUTED): "company_id",
    },
    "panda.sync.options": {
        (PANDA, PANDA): "create_anyway email first_name last_name parent_account_id"
        " partner_id phone role synchronize_reseller system_id username",
        (PANDA, COMPUTED): "account_id account_is_locked email_hint email_problem"
        " general_problem health_message may_create_anyway name name_problem"
        " operator_is_locked parent_problem person_problem phone_hint phone_problem"
        " problem_count remote_id reseller_id reseller_is_ready reseller_status"
        " role_problem system_state username_problem",
    },
    "panda.system": {
        (PANDA, MANAGERS): "account_ids activation_timeout active company_id"
        " max_connections name request_timeout requests_per_day"
        " requests_per_second responsible_user_id root_account_id search_delay sequence"
        " state",
        (PANDA, "owner"): "base_url",
        (PANDA, NOBODY): "batch_done health health_code health_since next_probe_at"
        " probe_count trouble_notified_at trouble_since",
        (MANAGERS, MANAGERS): "access_id access_password api_key",
        (NOBODY, NOBODY): "cron_id database_stamp",
        (MANAGERS, COMPUTED): "has_access_password has_api_key has_unreadable_secrets"
        " learnt_pace",
        (PANDA, COMPUTED): "health_message is_place_locked"
        " is_waiting_for_confirmation overview overview_graph pace_graph",
    },
    "panda.system.pace": {(NOBODY, NOBODY): "state system_id"},
    "panda.system.secret": {(NOBODY, NOBODY): "name system_id value"},
    "provisioning.systems": {
        (PANDA, PANDA): "line_ids partner_id",
        (PANDA, COMPUTED): "may_configure",
    },
    "provisioning.systems.line": {
        (PANDA, PANDA): "popup_id res_id res_model",
        (PANDA, COMPUTED): "can_retry has_details last_sync name reason state status"
        " username",
    },
    "res.partner": {
        (PANDA, PANDA): "panda_account_ids",
        (EDITORS, EDITORS): "panda_customer_ids panda_reseller_id",
        (EDITORS, COMPUTED): "panda_last_sync panda_remote_id panda_role"
        " panda_status_text panda_username",
        # Empty for customers in the portal, see HIDDEN.
        (f"portal {EDITORS}", COMPUTED): "panda_sync_status",
    },
}
"""``{model: {(who may read, who may write): names}}``; the columns that Odoo gives to
every model are not ours."""

HIDDEN = {("res.partner", "panda_sync_status"): "portal"}
"""What some may read, but find empty."""

ROUTES = {"/panda/health": OWN, "/panda/metrics": OWN}
"""``{address: who may ask for it, with an API key}``"""
