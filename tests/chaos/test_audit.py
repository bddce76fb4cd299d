"""The audit of ``make chaos`` counts each kind of damage, and that kind only."""

from types import SimpleNamespace

import pytest

from chaos.audit import audit

ROOT = "ACC-1"
RIGHT = {
    "duplicates": 0,
    "lost": 0,
    "wrong_parent": 0,
    "double_mails": 0,
    "missing_mails": 0,
    "lost_edits": 0,
    "stuck": 0,
}


class Panda:
    """A reseller and a customer of theirs, as Odoo and Panda know them."""

    system = 1

    def __init__(self):
        names = {1: "Rita", 2: "Carl"}
        self.rows = {
            number: {
                "id": number,
                "display_name": name,
                "email": f"{name}@example.com",
                "remote_id": f"WGC-{number}",
                "state": "synced",
                "parent_id": [1, "Rita"] if number == 2 else False,
                "phone": f"+32{number}",
            }
            for number, name in names.items()
        }
        self.tenants = [
            {
                "accountId": f"WGC-{number}",
                "parentId": "WGC-1" if number == 2 else ROOT,
                "name": name,
                "email": f"{name}@example.com",
            }
            for number, name in names.items()
        ]
        self.operators = [
            {"accountId": f"WGC-{number}", "phone": f"32{number}"} for number in names
        ]
        self.mails = [{"to": f"{name}@example.com"} for name in names.values()]
        self.sandbox = SimpleNamespace(control=self._control)
        self.client = SimpleNamespace(call=self._call)

    def _control(self, method, path):
        assert (method, path) == ("GET", "state")
        return {
            "tenants": self.tenants,
            "operators": self.operators,
            "mails": self.mails,
        }

    def _call(self, model, method, ids, fields):
        assert method == "read"
        if model == "panda.system":
            return [{"root_account_id": ROOT}]
        return [{name: self.rows[i][name] for name in ("id", *fields)} for i in ids]

    def audit(self):
        return audit(self, [1, 2])


@pytest.fixture
def panda():
    return Panda()


def test_nothing_is_wrong(panda):
    assert panda.audit() == {"accounts": 2, "remote_accounts": 2, **RIGHT}


def _create_twice(panda):
    panda.tenants.append({**panda.tenants[1], "accountId": "WGC-3"})


def _forget_the_id(panda):
    panda.rows[2]["remote_id"] = False


def _move_to_the_root(panda):
    panda.tenants[1]["parentId"] = ROOT


def _mail_twice(panda):
    panda.mails.append(panda.mails[1])


def _mail_nobody(panda):
    del panda.mails[1]


def _keep_the_old_name(panda):
    panda.rows[2]["display_name"] = "Carl and Sons"


def _keep_the_old_phone(panda):
    panda.rows[2]["phone"] = "+3299"


def _fail(panda):
    panda.rows[2]["state"] = "failed"


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (_create_twice, {"duplicates": 1, "remote_accounts": 3}),
        # Whose ID is not known, of them no edit is known either.
        (_forget_the_id, {"lost": 1, "lost_edits": 1}),
        (_move_to_the_root, {"wrong_parent": 1}),
        (_mail_twice, {"double_mails": 1}),
        (_mail_nobody, {"missing_mails": 1}),
        (_keep_the_old_name, {"lost_edits": 1}),
        (_keep_the_old_phone, {"lost_edits": 1}),
        (_fail, {"stuck": 1}),
    ],
)
def test_damage_is_counted(panda, damage, found):
    damage(panda)
    assert panda.audit() == {"accounts": 2, "remote_accounts": 2, **RIGHT, **found}
