import {PATIENCE} from "@panda_provisioning/../tests/tours/patience";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const openAda = {
    content: "Open the account that has failed",
    trigger: ".o_data_row:contains('Ada Lovelace') .o_data_cell[name=partner_id]",
    run: "click",
};

const synchronized = [
    {
        content: "Every step is done, without a reload",
        trigger:
            "body:not(:has(.modal)) .o_panda_timeline:not(:has(li:not([data-status=done])))",
        timeout: PATIENCE,
    },
    {
        content: "The last step is among them",
        trigger: "li[data-stage=activation][data-status=done]",
    },
    {
        content: "The status says so",
        trigger:
            ".o_field_widget[name=state] .o_arrow_button_current:contains('Synchronized')",
    },
];

tours.add("panda_provisioning_accounts", {
    steps: () => [
        {
            content: "The badge has its colour, and says what happens next",
            trigger:
                ".o_data_row:contains('Failed Lovelace') .badge.text-bg-danger[data-tooltip*='tries again by itself']",
        },
        {
            content: "Open the filters",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            content: "Choose what needs me",
            trigger: ".o_filter_menu .o_menu_item:contains('Needs me')",
            run: "click",
        },
        {
            content: "Only what has failed is left",
            trigger:
                ".o_list_view:has(.o_data_row:contains('Failed Lovelace')):not(:has(.o_data_row:contains('Synced Lovelace')))",
        },
        {
            content: "Take the filter away",
            trigger: ".o_searchview_facet .o_facet_remove",
            run: "click",
        },
        {
            content: "Look at the board",
            trigger: ".o_switch_view.o_kanban",
            run: "click",
        },
        {
            content: "An account stands in the column of its status",
            trigger:
                ".o_kanban_group:has(.o_column_title:contains('Failed')) .o_kanban_record:contains('Failed Lovelace')",
        },
        {
            content: "So does the other one, now that the filter is gone",
            trigger:
                ".o_kanban_group:has(.o_column_title:contains('Synchronized')) .o_kanban_record:contains('Synced Lovelace')",
        },
        {
            content: "Open the account from its card",
            trigger: ".o_kanban_record:contains('Failed Lovelace')",
            run: "click",
        },
        {
            content: "It shows what was done",
            trigger: ".o_panda_timeline",
        },
    ],
});

tours.add("panda_provisioning_mend", {
    steps: () => [
        openAda,
        {
            content: "Read what went wrong, in plain words and in Panda's",
            trigger:
                "li[data-stage=operator][data-status=failed]:contains('given this username to somebody else'):contains('Username ada.lovelace is already taken')",
        },
        {
            content: "See what was sent",
            trigger: "li[data-stage=operator] summary:contains('What was sent')",
            run: "click",
        },
        {
            content: "Press the button that mends it",
            trigger: "li[data-stage=operator] button[name=action_open_options]",
            run: "click",
        },
        {
            content: "The cursor is in the field at fault",
            trigger: ".modal .o_field_widget[name=username] input:focus",
            run: "edit countess.ada",
        },
        {
            content: "Synchronize",
            trigger: ".modal button[name=action_save_and_synchronize]",
            run: "click",
        },
        ...synchronized,
    ],
});

tours.add("panda_provisioning_link", {
    steps: () => [
        openAda,
        {
            content: "Panda has an account of this name: link it",
            trigger: "li[data-stage=find] button[name=action_link]",
            run: "click",
        },
        {
            content: "Choose it",
            trigger:
                ".modal .o_kanban_record:contains('office@example.com') button[name=action_choose]",
            run: "click",
            timeout: PATIENCE,
        },
        {
            content: "It is told",
            trigger: ".o_notification:contains('is linked to')",
            timeout: PATIENCE,
        },
        ...synchronized,
    ],
});

tours.add("panda_provisioning_mark_done", {
    steps: () => [
        openAda,
        {
            content: "Somebody has done it by hand",
            trigger: "li[data-stage=data] button[name=action_mark_done]",
            run: "click",
        },
        {
            content: "Say how",
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Ann did it by hand",
        },
        {
            content: "Confirm",
            trigger: ".modal button[name=action_confirm]",
            run: "click",
        },
        {
            content: "It is shown why it is done",
            trigger:
                "body:not(:has(.modal)) li[data-stage=elsewhere]:contains('Ann did it by hand')",
        },
    ],
});
