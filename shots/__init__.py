"""Every screen of the addons in a real browser: for pictures, and for checks."""
