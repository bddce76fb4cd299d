{
    "name": "Panda Provisioning: Automation Rules",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Automation rules that react to what becomes of accounts in Panda",
    "author": "Panda Provisioning contributors",
    "license": "LGPL-3",
    "development_status": "Beta",
    "depends": ["panda_provisioning", "base_automation"],
    "auto_install": True,
}
