import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const STATUS =
    "button[name=action_open_panda_accounts] .o_field_widget[name=panda_customer_state]";

tours.add("panda_provisioning_sale_order", {
    steps: () => [
        {
            content: "Whoever buys is proposed as the end customer",
            trigger:
                ".o_field_widget[name=panda_end_customer_id] input:value(Rita Reseller)",
        },
        {
            content: "Name the reseller's customer",
            trigger: ".o_field_widget[name=panda_end_customer_id] input",
            run: "edit Carl Customer",
        },
        {
            content: "Choose him",
            trigger: ".o-autocomplete--dropdown-item:contains('Carl Customer')",
            run: "click",
        },
        {
            content: "Press Confirm",
            trigger: "button[name=action_confirm]:visible",
            run: "click",
        },
        {
            content: "Within seconds, without a reload, the customer is in Panda",
            trigger: `${STATUS}:contains('Synchronized'):not(:contains('Not'))`,
        },
        {
            content: "And so is his reseller",
            trigger:
                ".o_field_widget[name=panda_reseller_state]:contains('Synchronized')",
        },
    ],
});
