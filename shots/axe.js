// Returns what axe finds to be serious in our part of the page. Where it is only the
// contrast, and of two colours that Odoo itself puts together, it is not ours.
async ({ours, odoos}) => {
    const PALETTE = `
        <div class="o_form_view"><div class="o_form_sheet">
            <label class="o_form_label">Text</label>
            <label class="o_form_label o_form_label_readonly">Text</label>
            <span class="text-muted">Text</span>
            ${["success", "info", "warning", "danger", "muted"]
                .map((name) => `<span class="badge text-bg-${name}">Text</span>`)
                .join("")}
        </div></div>`;
    const options = {resultTypes: ["violations"]};
    const colours = (node) => {
        const data = node.any.find((check) => check.data?.fgColor)?.data;
        return data && `${data.fgColor} on ${data.bgColor}`;
    };

    const palette = document.createElement("div");
    palette.innerHTML = PALETTE;
    const place = document.querySelector(".modal-body") || document.querySelector(".o_content");
    place.prepend(palette);
    const found = await axe.run(palette, {...options, runOnly: ["color-contrast"]});
    palette.remove();
    const known = new Set(found.violations.flatMap((v) => v.nodes.map(colours)));

    const {violations} = await axe.run({include: ours, exclude: odoos}, options);
    return violations
        .filter((violation) => ["serious", "critical"].includes(violation.impact))
        .flatMap((violation) =>
            violation.nodes
                .filter((node) => !known.has(colours(node)))
                .map((node) => `${violation.id}: ${node.html} ${colours(node) || ""}`)
        );
};
