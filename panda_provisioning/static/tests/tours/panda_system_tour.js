import {PATIENCE} from "@panda_provisioning/../tests/tours/patience";
import {cookie} from "@web/core/browser/cookie";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const ON_THE_FORM = "body:not(:has(.modal)) .o_form_view";

const type = (name, value) => ({
    content: `Enter ${name}`,
    trigger: `${ON_THE_FORM} .o_field_widget[name=${name}] input`,
    run: ({anchor, edit}) => edit(cookie.get(value), anchor),
});

/**
 * An administrator's way: choose the place and what happens to the accounts, enter the
 * credentials, test the connection, switch the system on.
 *
 * @param {String} choice label of the choice
 * @param {String} meaning what the dialog says of it
 */
const move = (choice, meaning) => [
    {
        content: "The address is locked",
        trigger: `${ON_THE_FORM} .o_field_widget.o_readonly_modifier[name=base_url]`,
    },
    {
        content: "Move to Another Panda",
        trigger: "button[name=action_move]",
        run: "click",
    },
    {
        content: "It is said how many accounts it concerns",
        trigger: ".modal .o_field_widget[name=known_count]:text(1)",
    },
    {
        content: "Give the new address",
        trigger: ".modal .o_field_widget[name=base_url] input",
        run: ({anchor, edit}) => edit(cookie.get("panda_elsewhere"), anchor),
    },
    {
        content: "Choose what happens to the accounts",
        trigger: `.modal .o_field_widget[name=accounts] label:text(${choice})`,
        run: "click",
    },
    {
        content: "It is said what that means",
        trigger: `.modal .text-muted:contains('${meaning}')`,
    },
    {
        content: "Move",
        trigger: ".modal button[name=action_confirm]",
        run: "click",
    },
    {
        content: "The system is disabled",
        trigger: `${ON_THE_FORM} .o_statusbar_status .o_arrow_button_current:text(Disabled)`,
    },
    {
        content: "It has come to the new address",
        trigger: `${ON_THE_FORM} .o_field_widget[name=base_url] input`,
        run: ({anchor}) => {
            if (anchor.value !== cookie.get("panda_elsewhere")) {
                throw new Error(`The address is ${anchor.value}`);
            }
        },
    },
    type("access_password", "panda_password"),
    type("api_key", "panda_key"),
    {
        content: "Test the connection",
        trigger: "button[name=action_test_connection]",
        run: "click",
    },
    {
        content: "It works",
        trigger: ".o_notification:contains('Connected to')",
        timeout: PATIENCE,
    },
    {
        content: "Switch the system on",
        trigger: ".o_statusbar_status button:text(Test Mode)",
        run: "click",
    },
    {
        content: "It is on, and stored",
        trigger: `${ON_THE_FORM} .o_form_saved .o_arrow_button_current:text(Test Mode)`,
    },
];

tours.add("panda_provisioning_move_link", {
    steps: () => move("Look each of them up there", "each Panda ID is looked up"),
});

tours.add("panda_provisioning_move_anew", {
    steps: () => move("Start them anew", "The Panda IDs are forgotten"),
});
