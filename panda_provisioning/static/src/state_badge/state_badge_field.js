import {BadgeField, badgeField} from "@web/views/fields/badge/badge_field";
import {registry} from "@web/core/registry";

const COLORS = {
    waiting: "info",
    queued: "info",
    running: "info",
    synced: "success",
    retry: "warning",
    unknown: "warning",
    failed: "danger",
};

/** How an account stands, as a badge whose tooltip says what happens next. */
export class PandaStateBadgeField extends BadgeField {
    static template = "panda_provisioning.StateBadgeField";
    static props = {...BadgeField.props, tooltipField: {type: String, optional: true}};

    get badgeClass() {
        const color = COLORS[this.props.record.data[this.props.name]];
        return color ? `text-bg-${color}` : "text-bg-300";
    }

    get tooltip() {
        return this.props.record.data[this.props.tooltipField] || undefined;
    }
}

export const pandaStateBadgeField = {
    ...badgeField,
    component: PandaStateBadgeField,
    supportedTypes: ["selection"],
    fieldDependencies: ({options}) =>
        options.tooltip_field ? [{name: options.tooltip_field, type: "char"}] : [],
    extractProps: ({options}) => ({tooltipField: options.tooltip_field}),
};

registry.category("fields").add("panda_state_badge", pandaStateBadgeField);
