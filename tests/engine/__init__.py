"""Tests of the engine: a real Odoo, PostgreSQL, and several cursors at once."""
