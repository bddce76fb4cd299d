import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";

/** What is going to happen, above the list; each number is a filter. */
export class PandaPreviewSummary extends Component {
    static template = "panda_provisioning.PreviewSummary";
    static props = {
        totals: Object,
        mayExport: Boolean,
        onExport: Function,
        onReopen: Function,
    };

    get tiles() {
        const {outcomes} = this.props.totals;
        const tiles = [
            {filter: "create", label: _t("Ready"), color: "success"},
            {filter: "waiting", label: _t("After Their Reseller"), color: "info"},
            {filter: "link", label: _t("Will Be Linked"), color: "info"},
            {filter: "update", label: _t("Changed"), color: "info"},
            {filter: "problem", label: _t("Problems"), color: "danger"},
            {filter: "none", label: _t("Already There"), color: "secondary"},
        ];
        for (const tile of tiles) {
            tile.count = outcomes[tile.filter] || 0;
        }
        tiles.at(-1).count += outcomes.busy || 0;
        return tiles;
    }

    isActive(tile) {
        return this.getFilter(tile).isActive;
    }

    getFilter(tile) {
        return this.env.searchModel.getSearchItems(
            (item) => item.type === "filter" && item.name === tile.filter
        )[0];
    }

    onClickTile(tile) {
        const {searchModel} = this.env;
        const wanted = this.getFilter(tile);
        for (const filter of searchModel.getSearchItems((i) => i.type === "filter")) {
            if (filter.isActive && filter.id !== wanted.id) {
                searchModel.toggleSearchItem(filter.id);
            }
        }
        searchModel.toggleSearchItem(wanted.id);
    }

    onChangeSystem(ev) {
        this.props.onReopen(parseInt(ev.target.value, 10));
    }
}
