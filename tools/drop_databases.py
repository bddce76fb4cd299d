"""Drop every database of this checkout from a PostgreSQL given by PG* variables."""

from tools.console import run_main
from tools.postgres import postgres


def main():
    with postgres() as server:
        for name in server.own_databases():
            server.drop_database(name)
    return 0


if __name__ == "__main__":
    run_main(main)
