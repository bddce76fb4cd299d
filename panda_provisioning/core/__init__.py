"""Every decision of the provisioning, in plain Python: no import of Odoo here.

Time and chance come in as arguments, so that each decision can be tested alone.
"""
