import {Component} from "@odoo/owl";
import {ViewButton} from "@web/views/view_button/view_button";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const ICONS = {
    done: "fa-check-circle text-success",
    running: "fa-refresh text-info",
    waiting: "fa-clock-o text-warning",
    failed: "fa-times-circle text-danger",
    todo: "fa-circle-o text-muted",
};

const ALERTS = {failed: "alert-danger", waiting: "alert-warning"};

/** What was done for an account, step by step, with the buttons that lead on. */
export class PandaTimelineField extends Component {
    static template = "panda_provisioning.TimelineField";
    static components = {ViewButton};
    static props = {...standardFieldProps};

    get stages() {
        return this.props.record.data[this.props.name] || [];
    }

    icon(stage) {
        return ICONS[stage.status];
    }

    alert(stage) {
        return stage.reasons ? ALERTS[stage.status] || "alert-info" : "";
    }

    clickParams(button) {
        return {type: "object", name: button.name, confirm: button.confirm};
    }

    /** JSON as people read it; what was cut is shown as it is. */
    pretty(body) {
        try {
            return JSON.stringify(JSON.parse(body), null, 2);
        } catch {
            return body;
        }
    }
}

export const pandaTimelineField = {
    component: PandaTimelineField,
    supportedTypes: ["json"],
};

registry.category("fields").add("panda_timeline", pandaTimelineField);
