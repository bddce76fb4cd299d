import {onWillUnmount, useEffect} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {
    SelectionField,
    selectionField,
} from "@web/views/fields/selection/selection_field";

const FIRST_LOOK = 1000;
const LONGEST_WAIT = 30000;

/**
 * The status of an order in Panda, which changes while somebody looks at it.
 *
 * Looks again at growing intervals for as long as the order waits, and never while
 * something is being typed.
 */
export class PandaStatusField extends SelectionField {
    setup() {
        super.setup();
        this.wait = FIRST_LOOK;
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
        onWillUnmount(() => {
            this.isGone = true;
        });
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
        if (!document.hidden && !(await record.isDirty())) {
            await record.load();
        }
        if (this.isWaiting && !this.isGone) {
            this.lookLater();
        }
    }
}

registry.category("fields").add("panda_status", {
    ...selectionField,
    component: PandaStatusField,
});
