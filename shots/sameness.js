// What differs each time (ids, times, how long something took) gives way to samples of
// the same length, in everything that can be seen.
() => {
    const SAMPLES = [
        [/WGC-1-[0-9a-f]{20}/g, "WGC-1-4c0ffee0d15c0ba1dab5"],
        [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "3f2b8c1e-7a4d-4e0b-9c55-d1a6f0e7b284"],
        [/127\.0\.0\.1:\d+/g, "127.0.0.1:8765"],
        [/\b[A-Z][a-z]{2} \d{1,2}, \d{1,2}:\d{2}(:\d{2})? [AP]M/g, "Nov 16, 9:12 AM"],
        [/\b[A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d{2}(:\d{2})? [AP]M/g, "Nov 16, 2026, 9:12 AM"],
        [/\d{2}\/\d{2}\/\d{4} \d{2}:\d{2}:\d{2}( [AP]M)?/g, "11/16/2026 09:12:00 AM"],
        [/^\s*[A-Z][a-z]{2} \d{1,2}\s*$/g, "Dec 16"],
        [/^\s*\d{1,2}:\d{2} [AP]M\s*$/g, "9:12 AM"],
        [/\b\d+ (second|minute)s? ago|\bnow$/g, "2 minutes ago"],
    ];
    const same = (text) => SAMPLES.reduce((t, [differs, sample]) => t.replace(differs, sample), text);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = same(walker.currentNode.data);
        if (text !== walker.currentNode.data) {
            walker.currentNode.data = text;
        }
    }
    for (const input of document.querySelectorAll("input, textarea")) {
        input.dataset.own = input.value;
        input.value = same(input.value);
    }
};
