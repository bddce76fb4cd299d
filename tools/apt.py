"""Debian packages, fetched and unpacked without touching the machine.

apt is given lists and a cache of its own, so that the machine's sources, installed
packages and settings stay as they are, and no rights beyond a user's are needed.
apt checks the archive's signature as always.
"""

import os

from tools import processes
from tools.console import Failure
from tools.paths import DOWNLOADS

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
NO_DEBIAN = (
    "Packages come from Debian's archive, and this machine is not set up for it. "
    "Use Debian 12 or newer, or set ODOO_SOURCE to an Odoo 19 source tree and "
    "CHROMIUM to a browser."
)


class PrivateApt:
    """apt with its own state in one folder.

    :param str name: name of the folder
    :param list[str] suites: suites of the Debian archive to use instead of the
        machine's own sources; the archive's address is the machine's
    """

    def __init__(self, name, suites=()):
        self.folder = DOWNLOADS / f"apt-{name}"
        self.cache = self.folder / "cache"
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        options = [
            f'Dir::State::Lists "{self.folder}/lists";',
            f'Dir::Cache "{self.cache}";',
            'Acquire::Languages "none";',
            'Acquire::Retries "3";',
            'Debug::NoLocking "true";',
        ]
        if os.geteuid() == 0:
            options.append('APT::Sandbox::User "root";')
        if suites:
            options += self._sources(suites)
        self.config = self.folder / "apt.conf"
        self.config.write_text("\n".join(options) + "\n")

    def _sources(self, suites):
        archive = _debian_archive()
        lines = [f"deb [signed-by={KEYRING}] {archive} {s} main\n" for s in suites]
        sources = self.folder / "sources.list"
        sources.write_text("".join(lines))
        return [
            f'Dir::Etc::SourceList "{sources}";',
            'Dir::Etc::SourceParts "/dev/null";',
        ]

    def update(self):
        self._apt_get("update", failed="Debian's package lists could not be fetched.")

    def download(self, *packages):
        """Fetch exactly these packages (``name``, ``name:all`` or ``name/suite``)."""
        archives = self.cache / "archives"
        self._apt_get(
            "download",
            *packages,
            failed="Debian packages could not be fetched.",
            cwd=archives,
        )

    def download_with_dependencies(self, package):
        """Fetch a package and whatever it needs that the machine does not have."""
        self._apt_get(
            "install",
            "--download-only",
            "--no-install-recommends",
            "--yes",
            package,
            failed=f"The Debian package {package} could not be fetched.",
        )

    def unpack(self, folder):
        for archive in sorted((self.cache / "archives").glob("*.deb")):
            processes.run(
                ["dpkg-deb", "-x", archive, folder],
                failed=f"{archive.name} could not be unpacked; is the disk full?",
            )

    def _apt_get(self, *arguments, failed, cwd=None):
        environment = {
            **os.environ,
            "APT_CONFIG": str(self.config),
            "LC_ALL": "C",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        command = ["apt-get", "-q", *arguments]
        processes.run(command, failed=failed, env=environment, cwd=cwd)


def _debian_archive():
    """Return the address of the Debian archive in the machine's own configuration."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT)"]
    listed = processes.run([*command, "Created-By: Packages"], failed=NO_DEBIAN)
    addresses = [
        address
        for address, component in (line.split() for line in listed.splitlines())
        if component == "main" and address.rstrip("/").endswith("/debian")
    ]
    if not addresses:
        raise Failure(NO_DEBIAN)
    return addresses[0]
