"""Set-up, test runner and checks of this repository. Start them with ``make``."""
