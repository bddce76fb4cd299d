import {cookie} from "@web/core/browser/cookie";
import {getCustomColor} from "@web/core/colors/colors";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {
    JournalDashboardGraphField,
    journalDashboardGraphField,
} from "@web/views/fields/journal_dashboard_graph/journal_dashboard_graph_field";

const {DateTime} = luxon;
const COLORS = [
    ["#28a745", "#1dc959"],
    ["#d44c59", "#ff5757"],
];

/** Accounts per day: those that were synchronized, and on top those that failed. */
export class PandaOverviewGraphField extends JournalDashboardGraphField {
    renderChart() {
        // Unlike a journal, a system is read anew while its card is shown.
        this.data = JSON.parse(this.props.record.data[this.props.name]);
        super.renderChart();
        const {el} = this.canvasRef;
        el.setAttribute("role", "img");
        el.setAttribute("aria-label", _t("Accounts of the last 30 days"));
    }

    getBarChartConfig() {
        const config = super.getBarChartConfig();
        const {data, options} = config;
        data.labels = data.labels.map((day) =>
            DateTime.fromISO(day).toLocaleString({day: "numeric", month: "short"})
        );
        data.datasets = this.data.map(({key, values}, index) => ({
            label: key,
            data: values.map(({value}) => value),
            backgroundColor: getCustomColor(
                cookie.get("color_scheme"),
                ...COLORS[index]
            ),
        }));
        Object.assign(options.scales.x, {stacked: true, grid: {display: false}});
        Object.assign(options.scales.x.ticks, {maxTicksLimit: 4, maxRotation: 0});
        Object.assign(options.scales.y, {stacked: true, suggestedMax: 5});
        options.plugins.tooltip.mode = "index";
        return config;
    }
}

registry.category("fields").add("panda_overview_graph", {
    ...journalDashboardGraphField,
    component: PandaOverviewGraphField,
});
