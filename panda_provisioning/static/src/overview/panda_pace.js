import {_t} from "@web/core/l10n/translation";
import {formatFloat, formatInteger} from "@web/views/fields/formatters";

/** Return what there is to say of a pace, see `_get_pace_facts` of the model. */
export function describePace({slowed, today}) {
    const lines = [];
    if (slowed) {
        lines.push(describeSlowedDown(slowed));
    }
    if (today) {
        const [sent, most] = [formatInteger(today.sent), formatInteger(today.most)];
        lines.push(_t("%(sent)s of %(most)s requests today", {sent, most}));
    }
    return lines;
}

function describeSlowedDown({rate, most, refused}) {
    const values = {rate: formatRate(rate), most: formatRate(most)};
    const text = most
        ? _t("Slowed down: %(rate)s of at most %(most)s requests/s", values)
        : _t("Slowed down: %(rate)s requests/s", values);
    if (!refused) {
        return text;
    }
    const count = formatInteger(refused);
    return _t("%(text)s, %(count)s refused in the last minute", {text, count});
}

/** Rounded down, so that less than the limit does not look like all of it. */
function formatRate(rate) {
    const digits = rate < 1 ? 2 : rate < 10 ? 1 : 0;
    const rounded = Math.floor(rate * 10 ** digits) / 10 ** digits;
    return formatFloat(rounded, {digits: [0, Number.isInteger(rounded) ? 0 : digits]});
}
