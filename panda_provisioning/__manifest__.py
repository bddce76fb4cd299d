{
    "name": "Panda Provisioning",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Create customers and resellers in Panda (WatchGuard Cloud) from contacts",
    "author": "Panda Provisioning contributors",
    "license": "LGPL-3",
    "depends": ["contacts", "mail", "phone_validation"],
    "external_dependencies": {"python": ["phonenumbers", "requests"]},
    "data": [
        "security/panda_provisioning_groups.xml",
        "security/panda_provisioning_rules.xml",
        "security/ir.model.access.csv",
        "data/ir_cron_data.xml",
        "data/mail_activity_type_data.xml",
        "views/panda_sync_log_views.xml",
        "views/panda_account_views.xml",
        "views/panda_system_views.xml",
        "views/panda_menus.xml",
        "wizard/panda_sync_options_views.xml",
        "wizard/provisioning_systems_views.xml",
        # The contact form opens the wizards above.
        "views/res_partner_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["panda_provisioning/static/tests/tours/*.js"],
    },
    "application": True,
}
