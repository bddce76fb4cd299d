import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {journalDashboardGraphField} from "@web/views/fields/journal_dashboard_graph/journal_dashboard_graph_field";
import {GREEN, PandaBarsField, RED} from "./panda_bars_field";

const {DateTime} = luxon;

/** Accounts per day: those that were synchronized, and on top those that failed. */
export class PandaOverviewGraphField extends PandaBarsField {
    get title() {
        return _t("Accounts of the last 30 days");
    }

    get colors() {
        return [GREEN, RED];
    }

    formatLabel(day) {
        return DateTime.fromISO(day).toLocaleString({day: "numeric", month: "short"});
    }
}

registry.category("fields").add("panda_overview_graph", {
    ...journalDashboardGraphField,
    component: PandaOverviewGraphField,
});
