import {PATIENCE} from "@panda_provisioning/../tests/tours/patience";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const openSyncOptions = [
    {
        content: "Press the link next to Provisioning Sync Status",
        trigger: "button[name=action_open_panda_systems]",
        run: "click",
    },
    {
        content: "Select Panda Antivirus > Sync Options",
        trigger:
            ".modal .o_kanban_record:contains('Panda Antivirus') button[name=action_open_options]",
        run: "click",
    },
];

function setRole(role) {
    return {
        content: `Set the role ${role}`,
        trigger: `.modal .o_field_widget[name=role] label:text(${role})`,
        run: "click",
    };
}

function setUsername(username) {
    return {
        content: "Set a unique username",
        trigger: ".modal .o_field_widget[name=username] input",
        run: `edit ${username}`,
    };
}

const saveAndSynchronize = {
    content: "Press Save & Synchronize",
    trigger: ".modal button[name=action_save_and_synchronize]",
    run: "click",
};

const synchronized = [
    {
        content: "Panda's answer is told",
        trigger: ".o_notification:contains('The activation e-mail went to')",
        timeout: PATIENCE,
    },
    {
        content: "The form shows the new status, without a reload",
        trigger:
            "body:not(:has(.modal)) .o_field_widget[name=panda_sync_status]:contains('Synchronized'):not(:contains('Not'))",
    },
];

for (const [name, role] of [
    ["panda_provisioning_direct_customer", "User"],
    ["panda_provisioning_reseller", "Reseller"],
]) {
    tours.add(name, {
        steps: () => [
            ...openSyncOptions,
            setRole(role),
            setUsername(`tour.${role.toLowerCase()}`),
            saveAndSynchronize,
            ...synchronized,
        ],
    });
}

tours.add("panda_provisioning_end_customer", {
    steps: () => [
        ...openSyncOptions,
        {
            content: "Parent Account is pre-populated with his reseller",
            trigger:
                ".modal .o_field_widget[name=parent_account_id] input:value(Rita Reseller)",
        },
        setRole("User"),
        setUsername("tour.customer"),
        saveAndSynchronize,
        ...synchronized,
    ],
});

tours.add("panda_provisioning_refused", {
    steps: () => [
        ...openSyncOptions,
        setRole("User"),
        setUsername("tour.user"),
        saveAndSynchronize,
        {
            content: "The refusal is shown at the field it belongs to",
            trigger:
                ".modal .o_field_widget[name=username_problem]:contains('Choose another')",
            timeout: PATIENCE,
        },
        {
            content: "What was typed is still there",
            trigger: ".modal .o_field_widget[name=username] input:value(tour.user)",
        },
        setUsername("free.name"),
        saveAndSynchronize,
        ...synchronized,
    ],
});
