import {PATIENCE} from "@panda_provisioning/../tests/tours/patience";
import {cookie} from "@web/core/browser/cookie";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const STEPS = ".o_panda_first_steps";

tours.add("panda_provisioning_first_run", {
    steps: () => [
        {
            content: "The app is empty: try it with the sandbox",
            trigger: `${STEPS} li[aria-current=step]:contains('Connect to Panda') button:contains('Try it with the sandbox')`,
            run: "click",
        },
        {
            content: "Where there is none, it says how to start one",
            trigger: ".modal .o_field_widget[name=url] input",
            run: "edit http://127.0.0.1:9",
        },
        {
            content: "Connect",
            trigger: ".modal button[name=action_connect]",
            run: "click",
        },
        {
            content: "Nothing answers",
            trigger: ".modal:contains('No sandbox answers') .modal-footer button",
            run: "click",
        },
        {
            content: "The dialog is still open: give the right address",
            trigger: ".modal .o_field_widget[name=url] input",
            run: ({anchor, edit}) => edit(cookie.get("panda_sandbox"), anchor),
        },
        {
            content: "Connect",
            trigger: ".modal button[name=action_connect]",
            run: "click",
        },
        {
            content: "It works",
            trigger: ".o_notification:contains('Connected to Sandbox Partner')",
            timeout: PATIENCE,
        },
        {
            content: "The first step is done",
            trigger: `body:not(:has(.modal)) ${STEPS} li.o_panda_step_done:contains('Connect to Panda')`,
        },
        {
            content: "The system has a card",
            trigger: ".o_kanban_record:contains('Panda Sandbox'):contains('Healthy')",
        },
        {
            content: "Go on with a contact",
            trigger: `${STEPS} button:contains('Contacts')`,
            run: "click",
        },
        {
            content: "Open it",
            trigger: ".o_data_row td[name=complete_name]:contains('Ada Lovelace')",
            run: "click",
        },
        {
            content: "Press the link beside Provisioning Sync Status",
            trigger: "button[name=action_open_panda_systems]",
            run: "click",
        },
        {
            content: "Open Sync Options",
            trigger: ".modal button[name=action_open_options]",
            run: "click",
        },
        {
            content: "Set the role",
            trigger: ".modal .o_field_widget[name=role] label:text(User)",
            run: "click",
        },
        {
            content: "Press Save & Synchronize",
            trigger: ".modal button[name=action_save_and_synchronize]",
            run: "click",
        },
        {
            content: "The contact is in Panda",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=panda_sync_status]:contains('Synchronized'):not(:contains('Not'))",
            timeout: PATIENCE,
        },
        {
            content: "Back to the Overview",
            trigger:
                ".o_menu_sections [data-menu-xmlid='panda_provisioning.menu_panda_overview']",
            run: "click",
        },
        {
            content: "The contact is counted",
            trigger: ".o_panda_count[data-state=synced] .o_panda_number:text(1)",
        },
        {
            content: "Its step is done, orders are next",
            trigger: `${STEPS}:has(li.o_panda_step_done:contains('Synchronize one contact')) li[aria-current=step]:contains('orders')`,
        },
        {
            content: "Hide the steps",
            trigger: `${STEPS} button[aria-label='Hide the first steps']`,
            run: "click",
        },
        {
            content: "They are gone",
            trigger: `body:not(:has(${STEPS}))`,
        },
    ],
});
