import {Component, useEffect, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {formatFloat, formatInteger} from "@web/views/fields/formatters";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {describePace} from "./panda_pace";

const {Duration} = luxon;
const NOTIFICATION = "panda_provisioning.overview";
const PROMINENT = ["failed", "waiting"];
const SILENCE = 15000;

/**
 * The accounts of a system by status, how far a run is that is under way, and what
 * holds its requests back.
 *
 * The server tells of a run once a second. When it is over, or nothing is heard of it
 * any more, the card is read anew; and again as long as it says that something is slow,
 * since the server does not tell when that is over.
 */
export class PandaOverviewField extends Component {
    static template = "panda_provisioning.OverviewField";
    static props = {...standardFieldProps};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.bus = useService("bus_service");
        this.state = useState({progress: null});
        useEffect(
            () => this.listen(),
            () => []
        );
        useEffect(
            (slowed) => {
                const timer = slowed && setTimeout(() => this.lookAgain(), SILENCE);
                return () => clearTimeout(timer);
            },
            () => [!this.state.progress && this.overview.pace.slowed]
        );
    }

    listen() {
        const channel = `panda.system_${this.props.record.resId}`;
        const onMessage = (message) => this.onMessage(message);
        this.bus.subscribe(NOTIFICATION, onMessage);
        this.bus.addChannel(channel);
        return () => {
            clearTimeout(this.timer);
            this.bus.deleteChannel(channel);
            this.bus.unsubscribe(NOTIFICATION, onMessage);
        };
    }

    onMessage({system_id: systemId, progress}) {
        if (systemId !== this.props.record.resId) {
            return;
        }
        clearTimeout(this.timer);
        if (progress) {
            this.state.progress = progress;
            this.timer = setTimeout(() => this.lookAgain(), SILENCE);
        } else {
            this.lookAgain();
        }
    }

    async lookAgain() {
        await this.props.record.load();
        this.state.progress = null;
    }

    get overview() {
        return this.props.record.data[this.props.name];
    }

    get counts() {
        const current = this.state.progress?.counts || {};
        return this.overview.states.map(({state, label, count}) => {
            const number = current[state] ?? count;
            return {state, label, number, text: formatInteger(number)};
        });
    }

    get prominent() {
        return this.counts.filter(({state}) => PROMINENT.includes(state));
    }

    get others() {
        return this.counts.filter(
            ({state, number}) => number && !PROMINENT.includes(state)
        );
    }

    /** How far a run is, or one that was interrupted. */
    get progress() {
        const {progress} = this.state;
        const {done, left} = progress || this.overview;
        const total = done + left;
        if (!total || !(progress || (done && left))) {
            return null;
        }
        const parts = [
            _t("%(done)s of %(total)s", {
                done: formatInteger(done),
                total: formatInteger(total),
            }),
        ];
        if (progress?.rate) {
            const digits = [0, progress.rate < 10 ? 1 : 0];
            parts.push(_t("%s per second", formatFloat(progress.rate, {digits})));
            parts.push(_t("%s left", this.formatDuration(progress.seconds_left)));
        }
        return {
            done,
            total,
            width: `${(100 * done) / total}%`,
            text: parts.join(" · "),
        };
    }

    get pace() {
        return describePace(this.state.progress?.pace || this.overview.pace);
    }

    formatDuration(seconds) {
        const minutes = Math.round(seconds / 60);
        const duration = minutes < 2 ? {seconds: Math.ceil(seconds)} : {minutes};
        return Duration.fromObject(duration).toHuman();
    }

    async openAccounts(state) {
        const ids = [this.props.record.resId];
        const method = "action_open_accounts";
        this.action.doAction(await this.orm.call("panda.system", method, [ids, state]));
    }
}

registry.category("fields").add("panda_overview", {
    component: PandaOverviewField,
    supportedTypes: ["json"],
});
