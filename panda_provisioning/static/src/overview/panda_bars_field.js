import {cookie} from "@web/core/browser/cookie";
import {getCustomColor} from "@web/core/colors/colors";
import {JournalDashboardGraphField} from "@web/views/fields/journal_dashboard_graph/journal_dashboard_graph_field";

export const GREEN = ["#28a745", "#1dc959"];
export const AMBER = ["#e0a800", "#ffc107"];
export const RED = ["#d44c59", "#ff5757"];

/** Bars over time, of several numbers on top of each other. */
export class PandaBarsField extends JournalDashboardGraphField {
    /** What the graph shows, for those who do not see it. */
    get title() {
        return "";
    }

    /** One for each number: light and dark. */
    get colors() {
        return [];
    }

    formatLabel(label) {
        return label;
    }

    renderChart() {
        // Unlike a journal, a system is read anew while its card is shown.
        this.data = JSON.parse(this.props.record.data[this.props.name]);
        super.renderChart();
        const {el} = this.canvasRef;
        el.setAttribute("role", "img");
        el.setAttribute("aria-label", this.title);
    }

    getBarChartConfig() {
        const config = super.getBarChartConfig();
        const {data, options} = config;
        data.labels = data.labels.map((label) => this.formatLabel(label));
        data.datasets = this.data.map(({key, values}, index) => ({
            label: key,
            data: values.map(({value}) => value),
            backgroundColor: this.getColor(...this.colors[index]),
        }));
        Object.assign(options.scales.x, {stacked: true, grid: {display: false}});
        Object.assign(options.scales.x.ticks, {maxTicksLimit: 4, maxRotation: 0});
        Object.assign(options.scales.y, {stacked: true, suggestedMax: 5});
        options.plugins.tooltip.mode = "index";
        return config;
    }

    getColor(light, dark) {
        return getCustomColor(cookie.get("color_scheme"), light, dark);
    }
}
