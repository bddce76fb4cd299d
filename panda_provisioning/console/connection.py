from .exit_status import ExitStatus
from .output import show, show_json
from .selection import UsageError, get_systems


def test_connection(env, args):
    """Try the connections and say of each which value is wrong."""
    systems = get_systems(env, args)
    if not systems:
        raise UsageError("there is no Panda system yet")
    found = [_test(system) for system in systems]
    env["panda.service"]._commit()
    if args.json:
        show_json({"systems": found})
    else:
        for system in found:
            show(f"{system['name']}: {system['message']}")
    return ExitStatus.of(all(system["connected"] for system in found))


def _test(system):
    finding = system._test_connection()
    return {
        "id": system.id,
        "name": system.name,
        "connected": finding.is_connected,
        "code": finding.code,
        "field": finding.field or None,
        "message": system.env["panda.message"]._finding(system, finding),
    }
