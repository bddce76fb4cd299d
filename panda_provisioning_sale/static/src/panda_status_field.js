import {useEffect} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {
    SelectionField,
    selectionField,
} from "@web/views/fields/selection/selection_field";

const FIRST_DELAY = 1000;
const LONGEST_DELAY = 30000;
const POLLED_FIELDS = [
    "panda_status",
    "panda_customer_state",
    "panda_reseller_state",
    "panda_problems",
    "panda_notices",
];

/**
 * The status of an order in Panda, which changes while the form is open.
 *
 * Polls at growing intervals for as long as the order waits. Reads the Panda fields
 * only: reloading the form would discard what the user is typing into it.
 */
export class PandaStatusField extends SelectionField {
    setup() {
        super.setup();
        this.orm = useService("orm");
        useEffect(
            (isWaiting) => {
                this.delay = FIRST_DELAY;
                if (isWaiting) {
                    this.schedulePoll();
                }
                return () => clearTimeout(this.timer);
            },
            () => [this.isWaiting]
        );
    }

    get isWaiting() {
        return this.props.record.data.panda_status === "waiting";
    }

    schedulePoll() {
        this.timer = setTimeout(() => this.poll(), this.delay);
        this.delay = Math.min(2 * this.delay, LONGEST_DELAY);
    }

    async poll() {
        const {record} = this.props;
        const values = document.hidden ? null : await this.read(record);
        if (values) {
            record._applyValues(values);
        }
        if (this.isWaiting) {
            this.schedulePoll();
        }
    }

    async read({resModel, resId}) {
        try {
            const [values] = await this.orm.silent.read(
                resModel,
                [resId],
                POLLED_FIELDS
            );
            return values;
        } catch {
            return null; // E.g. offline: the next poll may succeed.
        }
    }
}

registry.category("fields").add("panda_status", {
    ...selectionField,
    component: PandaStatusField,
});
