"""The pace against simulated servers: what it uses of a quota, and what is refused."""

from __future__ import annotations

import json
import math

import pytest

from panda_provisioning.core.pace import (
    DOWN_AFTER,
    DOWN_FAILURES,
    LOWEST,
    WALL_LONGEST,
    Event,
    Pace,
)
from panda_provisioning.panda_api.limiter import Result

from .quota_servers import EPOCH, Bucket, Unlimited, Window, simulate
