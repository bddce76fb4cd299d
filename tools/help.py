"""``make help``: what can be done, and what can be chosen."""

TEXT = """\
make demo      set up, synchronise three sample contacts, serve until Ctrl-C
               (SERVE=0 stops after the table, RESET=1 starts anew)
make test      set up, run all tests: plain Python, every addon, browser tours
               (ONLY=plain or ONLY=odoo for a part; TAGS=/addon:Class.test_name as in
               Odoo's --test-tags; ARGS='-k name' for pytest; TIMEOUT=seconds)
make one       run some tests of an addon by pytest, without installing it again
               (ARGS='panda_provisioning/tests/test_engine.py -k outage --pdb')
make matrix    run the plain tests and install the addons with the libraries that Odoo
               names, those of Debian 12 and 13, and the newest (ONLY=odoo,debian12
               for some)
make wheels    build the wheels of the addons and of the sandbox, install them into
               clean environments and synchronise a contact there
make coverage  say which branches of core, panda_api and engine the tests run
make lint      run all checks
make format    put all files into the form that make lint asks for
make i18n      bring the translations up to date with the strings of the addons
make readme    make README.rst and index.html of each addon from its readme folder
make shots     take the pictures of the manual from a running Odoo
make setup     only set up: Odoo 19, Python packages, PostgreSQL, a browser
make shell     an Odoo shell (DB=demo names the database; CMD='psql -l' runs a
               command instead, with PostgreSQL up and the PG* variables set)
make bench     measure how fast contacts are synchronised
make chaos     synchronise while everything fails that can fail
make mutants   change the decisions one at a time, and see which changes no test
               notices (ONLY=core/transition.py for a module, JOBS=2 at a time, RESET=1
               forgets known results; ENGINE=1 makes those of engine_mutants.toml)
make clean     stop what runs in this checkout and remove .runtime

All that is downloaded or made lies in .runtime. Variables of the environment:

PYTHON         Python 3.10 or newer to set up with (default: python3)
ODOO_SOURCE    an Odoo 19 source tree (a git checkout, or a folder that holds the
               package odoo) in place of Debian's package
PGHOST, PGPORT, PGUSER, PGPASSWORD
               an existing PostgreSQL in place of the embedded one; the role must have
               CREATEDB and may not be called postgres
CHROMIUM       the browser for tours (default: one on the PATH, else Debian's,
               unpacked into .runtime)
"""

if __name__ == "__main__":
    print(TEXT, end="")
