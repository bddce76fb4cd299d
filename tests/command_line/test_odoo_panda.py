"""``odoo panda`` as administrators and their scripts use it."""

import os
import pty
import re
import signal
import subprocess


def group(name):
    return ("--domain", f"[('ref', '=', '{name}')]")


def test_status_counts_what_is_there(panda):
    assert panda.run("sync", *group("counted")).returncode == 0
    status, found = panda.read("status")
    assert status == 0
    [system] = found["systems"]
    assert (system["name"], system["state"]) == ("Panda Antivirus", "test")
    assert set(system["accounts"]) >= {"draft", "synced", "failed"}
    counted = {state: count for state, count in system["accounts"].items() if count}
    rows = panda.execute("SELECT state, count(*) FROM panda_account GROUP BY state")
    assert counted == dict(rows)
    assert counted["synced"] >= 2
    assert system["next_try"] is None


def test_sync_waits_for_the_result(panda):
    done = panda.run("sync", *group("few"))
    assert (done.returncode, done.stdout) == (0, "3 of 3 are synchronized.\n")
    assert "3 of 3, 100 %" in done.stderr.splitlines()[-1]
    assert "\r" not in done.stderr
    names = {tenant["name"] for tenant in panda.tenants()}
    assert names >= {f"Contact few {i}" for i in range(3)}


def test_sync_again_sends_nothing(panda):
    before = panda.sandbox.control("GET", "requests/count")
    status, found = panda.read("sync", *group("few"))
    assert (status, found["total"], found["synchronized"]) == (0, 3, 3)
    assert panda.sandbox.control("GET", "requests/count") == before


def test_preview_says_what_sync_then_does(panda):
    before = panda.execute("SELECT count(*) FROM panda_account"), panda.tenants()
    status, found = panda.read("preview", *group("broken"))
    assert status == 1
    [system] = found["systems"]
    assert system["outcomes"] == {"create": 1, "problem": 1}
    [problem] = [row for row in system["contacts"] if row["outcome"] == "problem"]
    assert problem["heading"] == "phone_missing"
    assert "has no phone number" in problem["remark"]
    assert before == (
        panda.execute("SELECT count(*) FROM panda_account"),
        panda.tenants(),
    )
    status, found = panda.read("sync", *group("broken"))
    assert (status, found["total"], found["synchronized"]) == (1, 2, 1)
    [left] = [row for row in found["accounts"] if row["state"] != "synced"]
    assert (left["state"], left["reason"]) == ("problem", problem["remark"])


def test_what_panda_refuses_ends_with_1(panda):
    refusal = {"fault": "transaction_failed", "message": "Username already exists."}
    panda.sandbox.control("POST", "faults", refusal)
    status, found = panda.read("sync", *group("refused"))
    assert status == 1
    [failed] = found["accounts"]
    assert (failed["state"], failed["error_code"]) == ("failed", "username_taken")
    done = panda.run("status")
    assert done.returncode == 1
    assert re.search(r"^Failed +1$", done.stdout, re.MULTILINE)


def test_retry_tries_again_at_once(panda):
    panda.sandbox.control("POST", "faults", {"fault": "server_error"})
    done = panda.run("sync", *group("outage"))
    assert done.returncode == 1
    assert "0 of 2 are synchronized." in done.stdout
    assert "Interrupted since" in done.stderr
    panda.sandbox.control("DELETE", "faults")
    assert panda.run("test-connection").returncode == 0
    status, found = panda.read("retry", *group("outage"))
    # Who had only waited for the other one when the run ended is still queued.
    assert (status, found["synchronized"]) == (0, found["total"])
    assert found["total"] in (1, 2)


def test_connection_names_the_wrong_value(panda):
    assert panda.read("test-connection")[0] == 0
    keys = "panda_system_secret WHERE name = 'api_key'"
    [(key,)] = panda.execute(f"SELECT value FROM {keys}")
    put_key = "UPDATE panda_system_secret SET value = %s WHERE name = 'api_key'"
    panda.execute(put_key, "wrong")
    try:
        status, found = panda.read("test-connection")
    finally:
        panda.execute(put_key, key)
    assert status == 1
    [system] = found["systems"]
    assert (system["connected"], system["field"]) == (False, "api_key")
    assert "refuses the API key" in system["message"]


def test_wrong_usage_ends_with_2_and_says_what_is_wrong(panda, bare_database):
    for arguments, database, text in (
        (("nothing",), None, "invalid choice: 'nothing'"),
        (("sync", "--ids", "1", "--domain", "[]"), None, "not allowed with"),
        (("status", "--system", "x"), None, "there are: Panda Antivirus"),
        (("status",), "no_such_database", "cannot open the database no_such"),
        (("status",), "postgres", "postgres is no database of Odoo"),
        (("status",), bare_database, "Panda Provisioning is not installed"),
    ):
        done = panda.run(*arguments, database=database)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert text in done.stderr
        assert "Traceback" not in done.stderr


def test_help_documents_the_exit_status(panda):
    done = panda.run("sync", "--help")
    assert done.returncode == 0
    assert "130  stopped with Ctrl-C" in done.stdout


def test_a_terminal_gets_a_bar(panda):
    master, slave = pty.openpty()
    process = panda.start(
        "sync", *group("terminal"), stderr=slave, stdout=subprocess.PIPE
    )
    os.close(slave)
    output, _none = process.communicate(timeout=60)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    assert (process.returncode, output) == (0, "3 of 3 are synchronized.\n")
    assert f"[{'#' * 30}] 3 of 3, 100 %" in shown
    assert "\r" in shown


def test_ctrl_c_leaves_everything_safe(panda):
    panda.sandbox.control("PATCH", "settings", {"latency_ms": 300})
    process = panda.start(
        "sync", *group("many"), stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert " of 40, " in process.stderr.readline()  # it is under way
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopping as soon as" in errors
    assert "Traceback" not in errors
    assert "40 of 40" not in output
    held = panda.execute("SELECT id FROM panda_account WHERE state = 'running'")
    assert held == []
    panda.sandbox.control("PATCH", "settings", {"latency_ms": 0})
    assert panda.run("sync", *group("many")).returncode == 0
    names = [t["name"] for t in panda.tenants() if "many" in t["name"]]
    assert len(names) == len(set(names)) == 40
