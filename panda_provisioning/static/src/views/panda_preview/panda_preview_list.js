import {useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {download} from "@web/core/network/download";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {ListController} from "@web/views/list/list_controller";
import {listView} from "@web/views/list/list_view";
import {PandaPreviewSummary} from "./panda_preview_summary";

export class PandaPreviewListController extends ListController {
    static template = "panda_provisioning.PreviewListView";
    static components = {...ListController.components, PandaPreviewSummary};

    setup() {
        super.setup();
        this.context = {...user.context, ...this.props.context};
        // Undefined where nobody has chosen contacts, e.g. in a tab opened by its address.
        this.preview = useState({totals: this.props.context.panda_totals});
        this.totalsAreNew = false;
    }

    get modelParams() {
        const params = super.modelParams;
        // Nobody waits for them: what the action brought along is shown meanwhile, and
        // the list comes first.
        params.hooks.onRootLoaded = () => {
            if (!this.totalsAreNew) {
                this.totalsAreNew = true;
                this.loadTotals();
            }
        };
        params.hooks.onSavedMulti = () => this.loadTotals();
        return params;
    }

    async onRecordSaved(record) {
        await super.onRecordSaved(record);
        // The row says itself what has become of it; it stays where it is, since
        // people go on with the next one.
        this.loadTotals();
    }

    async loadTotals() {
        if (!this.preview.totals) {
            return;
        }
        this.preview.totals = await this.callPreview("get_totals", []);
    }

    callPreview(method, args) {
        return this.orm.call(this.props.resModel, method, args, {
            context: this.context,
        });
    }

    get queueLabel() {
        const {totals} = this.preview;
        if (this.hasSelectedRecords) {
            return _t("Queue Selected");
        }
        return _t("Queue %s", totals.queued);
    }

    async onClickQueue() {
        if (this.editedRecord && !(await this.editedRecord.save())) {
            return;
        }
        const ids = this.hasSelectedRecords
            ? await this.model.root.getResIds(true)
            : [];
        await this.actionService.doAction(
            await this.callPreview("action_queue", [ids])
        );
    }

    /** Ask Panda anew, about the same contacts. */
    async reopen(systemId) {
        const {panda_partner_ids: partnerIds} = this.context;
        const action = await this.callPreview("action_open", [partnerIds, systemId]);
        await this.actionService.doAction(action, {
            stackPosition: "replaceCurrentAction",
        });
    }

    /** Download the problems, to be mended in a spreadsheet and imported. */
    async onClickExport() {
        const columns = ["name", "email", "phone", "panda_reseller_id"];
        // The names that the import knows in any language.
        const known = await this.orm.call("res.partner", "fields_get", [
            columns,
            ["string"],
        ]);
        const fields = [
            {name: "partner_id/id", label: "id"},
            ...columns.map((name) => ({name, label: known[name].string})),
            {name: "remark", label: this.props.fields.remark.string},
        ];
        await download({
            url: "/web/export/xlsx",
            data: {
                data: JSON.stringify({
                    model: this.props.resModel,
                    context: this.context,
                    domain: [["outcome", "=", "problem"]],
                    ids: false,
                    groupby: [],
                    import_compat: false,
                    fields,
                }),
            },
        });
    }
}

export const pandaPreviewListView = {
    ...listView,
    Controller: PandaPreviewListController,
    buttonTemplate: "panda_provisioning.PreviewListView.Buttons",
};

registry.category("views").add("panda_preview_list", pandaPreviewListView);
