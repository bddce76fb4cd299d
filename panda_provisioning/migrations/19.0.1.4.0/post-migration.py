def migrate(cr, version):
    """Store the outcome of what has settled, past the automation rules."""
    cr.execute(
        "UPDATE panda_account SET outcome = state WHERE state IN ('synced', 'failed')"
    )
