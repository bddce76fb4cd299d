import {Component, useEffect, useRef, xml} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** Puts the cursor into the field that the action names, so that it is mended. */
export class PandaFocusWidget extends Component {
    static template = xml`<span t-ref="root" class="d-none"/>`;
    static props = {...standardWidgetProps};

    setup() {
        const root = useRef("root");
        useEffect(
            () => {
                const name = this.props.record.context.panda_focus;
                const form = root.el.closest(".o_form_view");
                // After the dialog has put the cursor into its first field.
                const timer = setTimeout(() => {
                    form?.querySelector(
                        `.o_field_widget[name='${name}'] input`
                    )?.focus();
                });
                return () => clearTimeout(timer);
            },
            () => []
        );
    }
}

registry.category("view_widgets").add("panda_focus", {component: PandaFocusWidget});
