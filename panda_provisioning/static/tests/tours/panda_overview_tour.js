import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const CARD = ".o_kanban_record:contains('Panda Antivirus')";
const shown = [];

function remember() {
    const bar = document.querySelector(".o_panda_progress [role=progressbar]");
    if (bar) {
        const done = Number(bar.getAttribute("aria-valuenow"));
        const total = Number(bar.getAttribute("aria-valuemax"));
        shown.push({done, total, text: bar.getAttribute("aria-valuetext")});
    }
}

tours.add("panda_provisioning_overview", {
    steps: () => [
        {
            content: "The card says what is queued",
            trigger: `${CARD}:not(:has(.o_panda_pace)) .o_panda_count[data-state=queued] .o_panda_number:text(500)`,
            run: () => {
                window.isSamePage = true;
                new MutationObserver(remember).observe(document.body, {
                    attributes: true,
                    childList: true,
                    subtree: true,
                });
            },
        },
        {
            content: "A run begins: the bar shows how far it is",
            trigger: `${CARD} .o_panda_progress:contains('of 500')`,
        },
        {
            content: "And what holds its requests back",
            trigger: `${CARD} .o_panda_pace:text(Slowed down: 18 of at most 1,000 requests/s, 3 refused in the last minute)`,
        },
        {
            content: "In the end all are synchronized",
            trigger: `${CARD} .o_panda_count[data-state=synced] .o_panda_number:text(500)`,
            timeout: 60000,
        },
        {
            content: "The bar is gone",
            trigger: `${CARD}:not(:has(.o_panda_progress))`,
            timeout: 20000,
            run: () => {
                const between = shown.filter(
                    ({done, total, text}) =>
                        done > 0 &&
                        done < total &&
                        total === 500 &&
                        text.includes("per second") &&
                        text.includes("left")
                );
                const values = new Set(between.map(({done}) => done));
                if (values.size < 2) {
                    throw new Error(`The bar did not move: ${JSON.stringify(shown)}`);
                }
                if (!window.isSamePage) {
                    throw new Error("The page was loaded anew");
                }
            },
        },
        {
            content: "The count opens the accounts",
            trigger: `${CARD} .o_panda_count[data-state=synced]`,
            run: "click",
        },
        {
            content: "Which are listed",
            trigger: ".o_list_view .o_data_row:contains('Person')",
        },
    ],
});
