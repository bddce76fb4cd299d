import {rpc} from "@web/core/network/rpc";
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

/** Call a method of systems, behind the back of the card. */
function callSystems(method, ...args) {
    const params = {model: "panda.system", method, args, kwargs: {}};
    return rpc(`/web/dataset/call_kw/panda.system/${method}`, params);
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

tours.add("panda_provisioning_pace", {
    steps: () => [
        {
            content: "The card says what holds requests back",
            trigger: `${CARD} .o_panda_pace:text(Slowed down: 2.5 requests/s, 3 refused in the last minute)`,
        },
        {
            content: "And how many there may be",
            trigger: `${CARD} .o_panda_pace:text(1,250 of 10,000 requests today)`,
        },
        {
            content: "While the system is healthy",
            trigger: `${CARD} [name=health]:contains(Healthy)`,
            run: async () => {
                const ids = await callSystems("search", [
                    ["name", "=", "Panda Antivirus"],
                ]);
                // Less than was learnt, so that it is not this that holds them back.
                await callSystems("write", ids, {requests_per_second: 2});
            },
        },
        {
            content: "When it is over the line goes by itself",
            trigger: `${CARD}:not(:has(.o_panda_pace:contains(Slowed down))) .o_panda_pace:contains(today)`,
            timeout: 30000,
        },
    ],
});

tours.add("panda_provisioning_pace_form", {
    steps: () => [
        {
            content: "A graph shows the last hour, in words too",
            trigger:
                "[name=pace_graph] canvas[aria-label='Requests of the last hour. Accepted: 9,000, Refused: 3, Failed: 0']",
        },
        {
            content: "A manager sees what was learnt",
            trigger: "[name=learnt_pace]:contains(No limit met)",
        },
    ],
});
