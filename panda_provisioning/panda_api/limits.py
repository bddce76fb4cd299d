"""How much of an answer is taken; no server may send more, by mistake or on purpose."""

from __future__ import annotations

MOST_BYTES = 24 * 1024 * 1024
"""Bytes of one answer, as they come and as they are unpacked. A row of a listing has
about 130, so that 100,000 accounts fit into one answer."""
MOST_ERROR_BYTES = 64 * 1024
"""Bytes of an answer that is no success: it is read for its words only."""
MOST_VALUES = 1_500_000
"""Values in the JSON of one answer; an empty one takes 3 bytes there and 200 here."""
LONGEST_RETRY_AFTER = 900.0
"""Seconds that a ``Retry-After`` header is believed: the longest wait between two
probes. Whoever still wants a pause after that says so again."""
LONGEST_TOKEN_LIFE = 86_400
"""Seconds."""
LONGEST_TEXT = 1000
"""Characters of one value that are kept. Names, addresses and words are shorter."""
LONGEST_WORDS = 32 * 1024
"""Characters of the words of an answer that are kept: what is shown, and room to see
whether a secret begins in it, whatever it is encoded in. To look takes a hundred times
their memory."""
LONGEST_TOKEN = 16_000
"""Characters; what a header may have."""
MOST_CHILDREN = 100_000
"""Accounts below one parent."""
MOST_PAGES = 5_000
"""Answers that a listing may take."""
