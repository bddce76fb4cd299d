"""*Save & Synchronize*, pressed by a person, and how much of it is the wire."""

import time
from statistics import median

from urllib3 import PoolManager

from bench.inside import people
from bench.inside.odoo_process import ADMIN, environment


def press(times):
    """Press the button for new contacts.

    :return: medians in milliseconds: ``total``, ``wire`` for the requests with their
        answers, ``pause`` that the engine makes before it asks how far Panda is
    """
    from odoo.addons.panda_provisioning.core.workflow import POLL_INTERVALS

    totals, wires = [], []
    for number in range(times + 1):
        with _Wire() as wire:
            totals.append(_press(number))
        wires.append(wire.seconds)
    overheads = [total - wire for total, wire in zip(totals, wires, strict=True)]
    series = {"total": totals, "wire": wires, "overhead": overheads}
    # The first one fills caches that a living Odoo has.
    found = {name: 1000 * median(values[1:]) for name, values in series.items()}
    return found | {"pause": 1000 * POLL_INTERVALS[0]}


def _press(number):
    with environment(ADMIN) as env:
        who = people.person(number)
        partner = env["res.partner"].create(
            {"name": who["name"], "email": who["email"], "phone": people.PHONE}
        )
        system = env["panda.system"].search([])
        values = {"partner_id": partner.id, "system_id": system.id, "role": "user"}
        env.cr.commit()
        started = time.perf_counter()
        options = env["panda.sync.options"].create(values)
        options.action_save_and_synchronize()
        seconds = time.perf_counter() - started
        state = partner.panda_sync_status
        if state != "synced":
            raise RuntimeError(f"{partner.name} is {state}, not synced")
    return seconds


class _Wire:
    """Adds up the time in which a request is under way, one at a time."""

    def __init__(self):
        self.seconds = 0.0
        self._send = PoolManager.urlopen

    def __enter__(self):
        PoolManager.urlopen = self._timed()
        return self

    def __exit__(self, *_error):
        PoolManager.urlopen = self._send

    def _timed(self):
        def send(manager, *arguments, **options):
            started = time.perf_counter()
            try:
                return self._send(manager, *arguments, **options)
            finally:
                self.seconds += time.perf_counter() - started

        return send
