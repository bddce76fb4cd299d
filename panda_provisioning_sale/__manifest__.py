{
    "name": "Panda Provisioning: Sales",
    "version": "19.0.1.1.0",
    "category": "Sales/Sales",
    "summary": "A confirmed order puts the reseller and the customer into Panda",
    "author": "Panda Provisioning contributors",
    "license": "LGPL-3",
    "images": ["static/description/quotation.png"],
    "depends": ["panda_provisioning", "sale", "base_automation"],
    "data": [
        "data/ir_cron_data.xml",
        "data/base_automation_data.xml",
        "views/product_category_views.xml",
        "views/product_template_views.xml",
        "views/res_config_settings_views.xml",
        "views/sale_order_views.xml",
    ],
    "demo": ["demo/sale_order_demo.xml"],
    "assets": {
        "web.assets_backend": ["panda_provisioning_sale/static/src/*.js"],
        "web.assets_tests": ["panda_provisioning_sale/static/tests/tours/*.js"],
    },
    "auto_install": ["panda_provisioning", "sale"],
}
