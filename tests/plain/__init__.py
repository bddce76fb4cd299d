"""Tests of the plain Python parts, which run without Odoo."""
