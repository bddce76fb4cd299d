"""A bare pool of threads over one ``requests`` session: as fast as it gets."""

import time
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter

from bench.inside.people import person
from panda_sandbox.settings import API_KEY, PASSWORDS, READ_WRITE_ID, ROOT_ACCOUNT

ACCOUNTS = "/rest/platform/accounts/v1/accounts"
OPERATORS = "/rest/platform/operator-mgmt/v1"


def run(url, connections, first, count):
    """Provision customers ``first`` and following.

    :return: seconds and processor seconds, the fetching of the token included
    """
    cpu, started = time.process_time(), time.perf_counter()
    with requests.Session() as session, ThreadPoolExecutor(connections) as pool:
        session.trust_env = False  # looking for proxies costs more than anything else
        session.mount(url, HTTPAdapter(pool_connections=1, pool_maxsize=connections))
        session.headers["WatchGuard-API-Key"] = API_KEY
        session.headers["Authorization"] = f"Bearer {_get_token(session, url)}"
        numbers = range(first, first + count)
        list(pool.map(lambda number: _provision(session, url, number), numbers))
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - cpu,
    }


def _get_token(session, url):
    answer = session.post(
        f"{url}/oauth/token",
        data={"grant_type": "client_credentials", "scope": "api-access"},
        auth=(READ_WRITE_ID, PASSWORDS[READ_WRITE_ID]),
        timeout=30,
    )
    return _checked(answer)["access_token"]


def _provision(session, url, number):
    who = person(number)
    account_id = _create_account(session, url, who)
    transaction_id = _create_operator(session, url, who, account_id)
    while True:
        answer = session.get(
            f"{url}{OPERATORS}/TransactionStatus",
            params={"transaction_id": transaction_id},
            timeout=30,
        )
        [state] = _checked(answer)["transaction_status"]
        if state["status"] == "SUCCESS":
            return
        if state["status"] != "PENDING":
            raise RuntimeError(f"operator {who['username']}: {state}")


def _create_account(session, url, who):
    payload = {
        "type": 2,
        "name": who["name"],
        "firstName": who["first_name"],
        "lastName": who["last_name"],
        "email": who["email"],
    }
    address = f"{url}{ACCOUNTS}/{ROOT_ACCOUNT}"
    return _checked(session.post(address, json=payload, timeout=30))["accountId"]


def _create_operator(session, url, who, account_id):
    payload = {
        "username": who["username"],
        "accountId": account_id,
        "firstName": who["first_name"],
        "lastName": who["last_name"],
        "email": who["email"],
        "phone": who["phone"],
        "role": "ADMINISTRATOR",
    }
    answer = session.post(f"{url}{OPERATORS}/operators", json=payload, timeout=30)
    return _checked(answer)["transaction_id"]


def _checked(answer):
    answer.raise_for_status()
    return answer.json()
