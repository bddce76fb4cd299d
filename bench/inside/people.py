"""Customers who differ in a number only, the same for every side."""

from tools.rpc import system_values

PARTNERS = """
    INSERT INTO res_partner (
        id, commercial_partner_id, name, complete_name, email, email_normalized,
        phone, active, type, is_company, partner_share, lang,
        create_uid, write_uid, create_date, write_date
    )
    SELECT id, id, name, name, email, email, %(phone)s, TRUE, 'contact', FALSE, TRUE,
        'en_US', 1, 1, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
    FROM (
        SELECT nextval('res_partner_id_seq') AS id, 'Bench ' || number AS name,
            'bench' || number || '@bench.example' AS email
        FROM generate_series(%(first)s, %(last)s) AS number
    ) AS person
"""
ACCOUNTS = """
    INSERT INTO panda_account (
        partner_id, contact_id, system_id, company_id, role, username,
        first_name, last_name, email, phone, attempt_count, state, step,
        remote_id, operator_ready, last_sync_at, last_notified,
        create_uid, write_uid, create_date, write_date
    )
    SELECT p.id, p.id, s.id, s.company_id, 'user', 'bench' || number,
        'Bench', number, p.email, p.phone, 0, %(state)s, %(step)s,
        %(remote)s || number, %(synced)s, p.write_date, %(last_notified)s,
        1, 1, p.create_date, p.write_date
    FROM res_partner p CROSS JOIN panda_system s
    CROSS JOIN LATERAL (SELECT split_part(p.name, ' ', 2) AS number) AS its
    WHERE s.id = %(system)s AND p.email LIKE 'bench%%@bench.example'
        AND NOT EXISTS (SELECT FROM panda_account a WHERE a.partner_id = p.id)
"""
PHONE = "+32470123456"


def person(number):
    """Return the fields of customer ``number`` as Panda is told them."""
    return {
        "name": f"Bench {number}",
        "first_name": "Bench",
        "last_name": str(number),
        "email": f"bench{number}@bench.example",
        "phone": PHONE.lstrip("+"),
        "username": f"bench{number}",
    }


def create_system(env, url, connections):
    """Return a system that is connected to the sandbox at ``url``."""
    return env["panda.system"].create(
        {**system_values(url), "max_connections": connections}
    )


def create_accounts(env, system, first, count, synced=False):
    """Add customers ``first`` and following with their accounts, past the ORM.

    :param synced: whether Panda has them already, as far as Odoo knows.
    """
    numbers = {"first": first, "last": first + count - 1, "phone": PHONE}
    env.cr.execute(PARTNERS, numbers)
    values = {
        "system": system.id,
        "state": "synced" if synced else "draft",
        "step": "done" if synced else "find_account",
        "remote": "ACC-BENCH-" if synced else None,
        "synced": synced,
        "last_notified": "synced" if synced else None,
    }
    env.cr.execute(ACCOUNTS, values)
    env.invalidate_all()
