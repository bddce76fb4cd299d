import {registry} from "@web/core/registry";
import {KanbanRenderer} from "@web/views/kanban/kanban_renderer";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {PandaFirstSteps} from "./panda_first_steps";

export class PandaOverviewRenderer extends KanbanRenderer {
    static template = "panda_provisioning.OverviewRenderer";
    static components = {...KanbanRenderer.components, PandaFirstSteps};

    /** The first steps say what to do where there is nothing. */
    get showNoContentHelper() {
        return super.showNoContentHelper && this.env.searchModel.domain.length > 0;
    }
}

registry.category("views").add("panda_overview", {
    ...kanbanView,
    Renderer: PandaOverviewRenderer,
});
