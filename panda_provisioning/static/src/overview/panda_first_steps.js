import {Component, onWillStart, useEffect, useState} from "@odoo/owl";
import {useService} from "@web/core/utils/hooks";

const NOTIFICATION = "panda_provisioning.overview";

/** Leads through an app in which nothing has been done yet. */
export class PandaFirstSteps extends Component {
    static template = "panda_provisioning.FirstSteps";
    static props = {};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.bus = useService("bus_service");
        this.state = useState({steps: [], may_dismiss: false});
        onWillStart(() => this.load());
        useEffect(
            () => this.listen(),
            () => []
        );
    }

    /** The cards subscribe to their systems. */
    listen() {
        const onMessage = ({progress}) => progress || this.load();
        this.bus.subscribe(NOTIFICATION, onMessage);
        return () => this.bus.unsubscribe(NOTIFICATION, onMessage);
    }

    async load() {
        Object.assign(
            this.state,
            await this.orm.call("panda.system", "get_first_steps", [[]])
        );
    }

    /** The first step that is not done is the one to go on with. */
    get next() {
        return this.state.steps.find((step) => !step.is_done);
    }

    press({action, context}) {
        this.action.doAction(action, {additionalContext: context});
    }

    async dismiss() {
        await this.orm.call("panda.system", "dismiss_first_steps", [[]]);
        this.state.steps = [];
    }
}
