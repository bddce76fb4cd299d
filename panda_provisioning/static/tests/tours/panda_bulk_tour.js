import {registry} from "@web/core/registry";

const openGroup = (heading) => ({
    content: `Open the group ${heading}`,
    trigger: `.o_group_header:contains('${heading}')`,
    run: "click",
});
const row = (name) => `.o_data_row:has([name=name]:contains('${name}'))`;

registry.category("web_tour.tours").add("panda_provisioning_bulk", {
    steps: () => [
        {
            content: "Select all contacts",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Open the Actions menu",
            trigger: ".o_cp_action_menus .dropdown-toggle",
            run: "click",
        },
        {
            content: "Choose Synchronize with Panda",
            trigger: ".o-dropdown-item:contains('Synchronize with Panda')",
            run: "click",
        },
        {
            content: "The preview counts what is going to happen",
            trigger: ".o_panda_preview_summary [data-outcome=create] .fs-2:text(2)",
        },
        {
            content: "One of them exists in Panda",
            trigger: "[data-outcome=link] .fs-2:text(1)",
        },
        {
            content: "One has a problem",
            trigger: "[data-outcome=problem] .fs-2:text(1)",
        },
        {
            content: "The others could be queued",
            trigger: ".o_panda_queue:text(Queue 4)",
        },
        openGroup("no e-mail address"),
        {
            content: "Mend the e-mail address on the spot",
            trigger: `${row("Mia Nomail")} [name=email]`,
            run: "click",
        },
        {
            trigger: ".o_selected_row [name=email] input",
            run: "edit mia@example.com",
        },
        {
            content: "Keep it",
            trigger: ".o_list_button_save",
            run: "click",
        },
        {
            content: "The row is ready now",
            trigger: `${row("Mia Nomail")} [name=outcome]:contains('Ready')`,
        },
        {
            content: "So is its part of the total",
            trigger: ".o_panda_queue:text(Queue 5)",
        },
        openGroup("Ready: will be created"),
        {
            content: "Choose another role",
            trigger: `${row("Ada Lovelace")} [name=role]`,
            run: "click",
        },
        {
            trigger: ".o_selected_row [name=role] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains('Reseller')",
            run: "click",
        },
        {
            trigger: ".o_list_button_save",
            run: "click",
        },
        {
            trigger: `${row("Ada Lovelace")} [name=role]:contains('Reseller')`,
        },
        {
            content: "Queue all of them",
            trigger: ".o_panda_queue:text(Queue 5)",
            run: "click",
        },
        {
            trigger: ".o_notification:contains('5 contacts have been queued')",
        },
        {
            content: "Their accounts are shown",
            trigger:
                ".o_list_view:not(:has(.o_panda_preview_summary)) .o_data_row:contains('Mia Nomail'):contains('Queued')",
        },
    ],
});
