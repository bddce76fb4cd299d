"""The Panda (WatchGuard Cloud) API in plain Python: no import of Odoo here."""
