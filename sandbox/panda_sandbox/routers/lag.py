"""How a request's fault makes what it creates lag behind in listings."""

from __future__ import annotations

import time

from ..faults import FaultRule
from ..store.lag import NO_LAG, Lag


def lag_of(fault: FaultRule | None, starts_in: float = 0) -> Lag:
    """The lag of something that comes into being ``starts_in`` seconds from now."""
    if not fault or not fault.lags:
        return NO_LAG
    seconds, calls = fault.lags
    return Lag(time.time() + starts_in + seconds, calls)
