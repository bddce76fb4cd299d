from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..panda_api.names import propose_username

DIGITS = "0123456789"


class PandaAccount(models.Model):
    """What is proposed for contacts that nobody has set options for, many at once."""

    _inherit = "panda.account"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Panda Accounts"),
                "template": "/panda_provisioning/static/xls/panda_accounts.xlsx",
            }
        ]

    def action_preview(self):
        """Show what would happen if these accounts were synchronised."""
        if len(self.system_id) > 1:
            names = ", ".join(self.system_id.mapped("display_name"))
            raise UserError(
                self.env._("Select accounts of one system only, not of %s.", names)
            )
        return self.env["panda.preview"]._open(self.partner_id, self.system_id)

    @api.model
    def _get_or_create(self, partners, system, sellers=None):
        """Return the accounts of ``partners``, prepared as Sync Options proposes them;
        so are those of their resellers.

        :param sellers: see `_propose`.
        """
        accounts = self._accept(self._propose(partners, system, sellers), system)
        return self.browse().union(*(accounts[partner] for partner in partners))

    @api.model
    def _accept(self, proposals, system):
        """Create or complete the accounts of ``proposals``, see `_propose`, and return
        ``{partner: account}``."""
        resellers = [values["reseller"] for values in proposals.values()]
        partners = self.env["res.partner"].union(*proposals, *resellers)
        accounts = self._get_by_partner(partners, system)
        for wave in self._in_waves(proposals):
            self._save_proposals(wave, accounts, system)
        return accounts

    def _in_waves(self, proposals):
        """Yield ``proposals`` in parts, whoever has a reseller after him.

        Those who go round in circles come last and together.
        """
        while proposals:
            wave = {
                partner: options
                for partner, options in proposals.items()
                if options["reseller"] not in proposals
            } or proposals
            yield wave
            proposals = {p: v for p, v in proposals.items() if p not in wave}

    def _save_proposals(self, proposals, accounts, system):
        """Create or complete accounts, and note them in ``accounts``."""
        vals_list = []
        for partner, proposed in proposals.items():
            account = accounts[partner]
            values = {
                "role": proposed["role"],
                "username": proposed["username"],
                "parent_id": accounts[proposed["reseller"]].id,
            }
            if account:
                lacking = {n: v for n, v in values.items() if v and not account[n]}
                if lacking:
                    account.write(lacking)
            else:
                vals_list.append(
                    {"partner_id": partner.id, "system_id": system.id, **values}
                )
        for account in self.create(vals_list):
            accounts[account.partner_id] = account

    @api.model
    def _propose(self, partners, system, sellers=None):
        """Return the options of the accounts of ``partners``: what is set already, and
        proposals for the rest. Resellers who were never synchronised are among them.

        :param sellers: ``{partner: whose customer he is}``, where that is not the
            reseller of the contact.
        :return: ``{partner: {"role": str, "username": str, "reseller": partner}}``;
            ``reseller`` is whose account is the Parent Account of one that is not in
            Panda yet.
        """
        proposals = {}
        while partners:
            accounts = self._get_by_partner(partners, system)
            # Whoever the user may not see is not proposed.
            resellers = partners.panda_reseller_id._filtered_access("read")
            resellers = resellers._map_panda_entities()
            nameless = partners.filtered(lambda p, a=accounts: not a[p].username)
            proposed = {values["username"].lower() for values in proposals.values()}
            usernames = self._propose_usernames(nameless, system, proposed)
            for partner in partners:
                account = accounts[partner]
                seller = resellers.get(partner.panda_reseller_id, partner[:0])
                seller = (sellers or {}).get(partner) or seller
                role = account.role or partner._propose_panda_role(seller)
                reseller = account.parent_id.partner_id or seller
                is_fixed = role == "reseller" or account.remote_id or account.marker_at
                proposals[partner] = {
                    "role": role,
                    "username": account.username or usernames[partner],
                    "reseller": partner[:0] if is_fixed else reseller,
                }
            named = partners[:0].union(*(p["reseller"] for p in proposals.values()))
            known = self._get_by_partner(named, system)
            partners = named.filtered(
                lambda p, k=known: p not in proposals and k[p].state in (False, "draft")
            )
        return proposals

    @api.model
    def _get_by_partner(self, partners, system):
        """Return ``{partner: account}``, empty accounts included."""
        accounts = self.search(
            [("partner_id", "in", partners.ids), ("system_id", "=", system.id)]
        )
        found = defaultdict(self.browse)
        found.update({account.partner_id: account for account in accounts})
        return found

    @api.model
    def _propose_username(self, partner, system):
        """Return a legal username that is free in ``system``, from the e-mail or
        the name of ``partner``."""
        return self._propose_usernames(partner, system)[partner]

    @api.model
    def _propose_usernames(self, partners, system, taken=()):
        """Return ``{partner: username}``, all of them free in ``system``.

        :param taken: usernames that nobody may get, in lower case.
        """
        stems = {p: propose_username(p.email or "", p.name or "") for p in partners}
        owners = self._get_username_owners(set(stems.values()), system)
        owners.update(dict.fromkeys(taken))
        numbers = defaultdict(int)
        usernames = {}
        for partner, stem in stems.items():
            key = stem.lower()
            while True:
                numbers[key] += 1
                username = f"{stem}{numbers[key]}" if numbers[key] > 1 else stem
                own_id = partner._origin.id
                if owners.get(username.lower(), own_id) == own_id:
                    break
            owners[username.lower()] = False
            usernames[partner] = username
        return usernames

    def _get_username_owners(self, stems, system):
        """Return ``{username in lower case: id of the contact}`` of all usernames that
        are one of ``stems`` with or without a number."""
        self.flush_model(["username", "system_id", "partner_id"])
        # Past the access rules: a username is taken even by accounts that the user
        # may not see.
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT lower(username), partner_id FROM panda_account
                    WHERE system_id = %s AND rtrim(lower(username), %s) = ANY(%s)
                    """,
                    system.id or 0,
                    DIGITS,
                    [stem.lower().rstrip(DIGITS) for stem in stems],
                )
            )
        )
