import {useEffect} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {
    SelectionField,
    selectionField,
} from "@web/views/fields/selection/selection_field";

const FIRST_LOOK = 1000;
const LONGEST_WAIT = 30000;
const SHOWN = [
    "panda_status",
    "panda_customer_state",
    "panda_reseller_state",
    "panda_problems",
    "panda_notices",
];

/**
 * The status of an order in Panda, which changes while somebody looks at it.
 *
 * Looks again at growing intervals for as long as the order waits. Only what Panda is
 * about is read: the form is not loaded again, whatever somebody types into it stays.
 */
export class PandaStatusField extends SelectionField {
    setup() {
        super.setup();
        this.orm = useService("orm");
        useEffect(
            (isWaiting) => {
                this.wait = FIRST_LOOK;
                if (isWaiting) {
                    this.lookLater();
                }
                return () => clearTimeout(this.timer);
            },
            () => [this.isWaiting]
        );
    }

    get isWaiting() {
        return this.props.record.data.panda_status === "waiting";
    }

    lookLater() {
        this.timer = setTimeout(() => this.look(), this.wait);
        this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
    }

    async look() {
        const {record} = this.props;
        const values = document.hidden ? null : await this.read(record);
        if (values) {
            record._applyValues(values);
        }
        if (this.isWaiting) {
            this.lookLater();
        }
    }

    async read({resModel, resId}) {
        try {
            const [values] = await this.orm.silent.read(resModel, [resId], SHOWN);
            return values;
        } catch {
            return null; // E.g. offline: the next look may succeed.
        }
    }
}

registry.category("fields").add("panda_status", {
    ...selectionField,
    component: PandaStatusField,
});
