import {PATIENCE} from "@panda_provisioning/../tests/tours/patience";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {rpc} from "@web/core/network/rpc";

const tours = registry.category("web_tour.tours");
const STATUS =
    "button[name=action_open_panda_accounts] .o_field_widget[name=panda_customer_state]";

tours.add("panda_provisioning_sale_order", {
    steps: () => [
        {
            content: "The customer is proposed as the end customer",
            trigger:
                ".o_field_widget[name=panda_end_customer_id] input:value(Rita Reseller)",
        },
        {
            content: "Name the reseller's customer",
            trigger: ".o_field_widget[name=panda_end_customer_id] input",
            run: "edit Carl Customer",
        },
        {
            content: "Choose them",
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
            timeout: PATIENCE,
        },
        {
            content: "And so is their reseller",
            trigger:
                ".o_field_widget[name=panda_reseller_state]:contains('Synchronized')",
        },
    ],
});

/**
 * Lets the next poll fail as it does offline.
 */
function failNextPoll() {
    const {XMLHttpRequest} = browser;
    browser.XMLHttpRequest = class extends XMLHttpRequest {
        open(method, url) {
            this.isPoll = url.endsWith("/sale.order/read");
            super.open(method, url);
        }
        send(body) {
            if (!this.isPoll) {
                return super.send(body);
            }
            browser.XMLHttpRequest = XMLHttpRequest;
            document.body.classList.add("o_panda_poll_failed");
            this.dispatchEvent(new Event("error"));
        }
    };
}

/**
 * Signals the test, which waits for the reference to be written, to run the crons.
 */
function letCronsRun() {
    const id = Number(window.location.pathname.split("/").pop());
    return rpc("/web/dataset/call_kw/sale.order/write", {
        model: "sale.order",
        method: "write",
        args: [[id], {client_order_ref: "go"}],
        kwargs: {},
    });
}

tours.add("panda_provisioning_sale_typing", {
    steps: () => [
        {
            content: "Press Confirm",
            trigger: "button[name=action_confirm]:visible",
            run() {
                failNextPoll();
                this.anchor.click();
            },
        },
        {
            content: "The order is waiting",
            trigger: `${STATUS}:contains('Queued')`,
        },
        {
            content: "Begin to write another line",
            trigger: ".o_field_x2many_list_row_add a:contains('Add a product')",
            run: "click",
        },
        {
            content: "Type a name without choosing a product",
            trigger: ".o_selected_row .o_field_widget[name^=product] input",
            run: "edit Something",
        },
        {
            content: "A poll has failed; only now run the crons",
            trigger: "body.o_panda_poll_failed",
            run: letCronsRun,
        },
        {
            content: "The status is that of the server",
            trigger: `${STATUS}:contains('Synchronized'):not(:contains('Not'))`,
            timeout: PATIENCE,
        },
        {
            content: "What was typed is still there",
            trigger:
                ".o_selected_row .o_field_widget[name^=product] input:value(Something)",
        },
        {
            content: "Leave nothing unsaved",
            trigger: ".o_form_button_cancel",
            run: "click",
        },
        {
            content: "The line is gone",
            trigger: ".o_form_view:not(:has(.o_selected_row))",
        },
    ],
});
