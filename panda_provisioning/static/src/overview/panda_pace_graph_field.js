import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {formatInteger} from "@web/views/fields/formatters";
import {journalDashboardGraphField} from "@web/views/fields/journal_dashboard_graph/journal_dashboard_graph_field";
import {AMBER, GREEN, PandaBarsField, RED} from "./panda_bars_field";

const {DateTime} = luxon;

/** Requests per minute: those that Panda accepted, refused and did not answer. */
export class PandaPaceGraphField extends PandaBarsField {
    get title() {
        const totals = this.data.map(({key, values}) => {
            const total = values.reduce((sum, {value}) => sum + value, 0);
            return `${key}: ${formatInteger(total)}`;
        });
        return _t("Requests of the last hour. %s", totals.join(", "));
    }

    get colors() {
        return [GREEN, AMBER, RED];
    }

    formatLabel(seconds) {
        return DateTime.fromSeconds(seconds).toLocaleString(DateTime.TIME_SIMPLE);
    }

    getBarChartConfig() {
        const config = super.getBarChartConfig();
        const color = this.getColor("#111827", "#E4E4E4");
        Object.assign(config.options.plugins.legend, {
            display: true,
            position: "bottom",
            labels: {color, boxWidth: 12},
            // Each bar is the sum: nothing is hidden by a click.
            onClick: () => {},
        });
        for (const dataset of config.data.datasets) {
            // Few refusals among many requests are what one looks for.
            dataset.data = dataset.data.map((count) => count || null);
            dataset.minBarLength = 4;
        }
        const {y} = config.options.scales;
        Object.assign(y, {
            display: true,
            grid: {display: false},
            border: {display: false},
        });
        y.ticks = {color, maxTicksLimit: 4, precision: 0};
        return config;
    }
}

registry.category("fields").add("panda_pace_graph", {
    ...journalDashboardGraphField,
    component: PandaPaceGraphField,
});
