"""A running Odoo, spoken to as any other program would: over RPC."""

import xmlrpc.client

LOGIN = PASSWORD = "admin"
CREDENTIALS = ("access_id", "access_password", "api_key")


class Odoo:
    """One user of one database.

    :raise xmlrpc.client.Fault: from every call that Odoo refuses
    """

    def __init__(self, url, database):
        self._database = database
        common = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common")
        self._user = common.authenticate(database, LOGIN, PASSWORD, {})
        self._models = xmlrpc.client.ServerProxy(
            f"{url}/xmlrpc/2/object", allow_none=True
        )

    def call(self, model, method, *arguments, **options):
        """Call a method with positional and keyword arguments."""
        return self._models.execute_kw(
            *(self._database, self._user, PASSWORD),
            *(model, method, arguments, options),
        )

    def connect_sandbox(self, url, **values):
        """Return the id of the Panda system that is connected to the sandbox."""
        system = {**system_values(url), **values}
        ours = [("root_account_id", "=", system["root_account_id"])]
        found = self.call("panda.system", "search", ours)
        if found:
            # Another address asks for the credentials anew.
            credentials = {name: system[name] for name in CREDENTIALS}
            address = {"base_url": url, **credentials, **values}
            self.call("panda.system", "write", found, address)
            return found[0]
        return self.call("panda.system", "create", [system])[0]


def system_values(url):
    """Return the values of a Panda system that is connected to the sandbox."""
    from panda_sandbox.settings import API_KEY, PASSWORDS, READ_WRITE_ID, ROOT_ACCOUNT

    return {
        "name": "Panda Antivirus",
        "state": "test",
        "base_url": url,
        "root_account_id": ROOT_ACCOUNT,
        "access_id": READ_WRITE_ID,
        "access_password": PASSWORDS[READ_WRITE_ID],
        "api_key": API_KEY,
    }
