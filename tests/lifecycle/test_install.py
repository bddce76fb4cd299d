"""What comes with what when the addons are installed."""

from tools import addons

OURS = {"panda_provisioning", "panda_provisioning_sale"}


def test_sales_needs_no_other_trigger_than_panda_and_sales(installed):
    """It brings automation rules along, and does not wait for somebody else to."""
    assert OURS | {"base_automation"} <= installed.installed()


def test_without_sales_there_are_contacts_only(new_database):
    core = addons.core_modules([addons.own_addon("panda_provisioning")])
    with new_database("contacts", core) as database:
        database.install("panda_provisioning")
        assert database.installed() & {*OURS, "sale"} == {"panda_provisioning"}
