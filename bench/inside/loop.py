"""The measured end of :class:`bench.program.Program`: one JSON line in, one out.

``python -m bench.inside.loop MODULE DESCRIPTOR [OPTIONS OF ODOO]`` calls functions of
``bench.inside.MODULE`` by name until the other end of the socket is closed.
"""

import importlib
import json
import socket
import sys
import traceback


def main():
    name, descriptor, *options = sys.argv[1:]
    if options:
        from bench.inside import odoo_process

        odoo_process.boot(options)
    module = importlib.import_module(f"bench.inside.{name}")
    with socket.socket(fileno=int(descriptor)) as line, line.makefile("rw") as peer:
        _answer(peer, "ready", None)
        for text in peer:
            request = json.loads(text)
            try:
                result = getattr(module, request["call"])(**request["values"])
            except Exception:  # noqa: BLE001
                _answer(peer, None, traceback.format_exc())
            else:
                _answer(peer, result, None)


def _answer(peer, result, error):
    peer.write(json.dumps({"result": result, "error": error}) + "\n")
    peer.flush()


if __name__ == "__main__":
    main()
