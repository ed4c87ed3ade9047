"""The inventory of links to other sites, with the last look at each declared site's privacy policy."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import select

from troth.choice.exits import external_links
from troth.choice.tables import site_look
from troth.choice.targets import site_of_host, target_of
from troth.kernel import Clock, TrothError, micros
from troth.policy import OtherSite, Policy
from troth.storage import Database, Statement, Upsert

_COLUMNS = tuple(column.name for column in site_look.columns)
_PUT = Upsert(site_look, by=("policy_url",), update=_COLUMNS[1:])
_ALL = Statement(select(*site_look.columns).order_by(site_look.c.policy_url))


class Fetched(NamedTuple):
    """A page as it was fetched: status, size in bytes and SHA-256 (hexadecimal)."""

    status: int
    size: int
    sha256: str


class Look(NamedTuple):
    """The last look at a site's privacy policy. Instants in microseconds; `error` is a code, empty where it was read."""

    policy_url: str
    looked_at: int
    status: int
    size: int
    sha256: str
    changed_at: int
    error: str


class Link(NamedTuple):
    """A link to another site, or a declared one that nothing links to yet.

    Args:
        url: Address; empty for a declared site without a link.
        host: Host name.
        site: Name of the declared site; empty for an undeclared host.
        policy_url: Its privacy policy.
        look: The last look at it; None for never.
    """

    url: str
    host: str
    site: str
    policy_url: str
    look: Look | None


def links(database: Database, policy: Policy) -> list[Link]:
    """Every link to another site in the policy's pages, and every declared site."""
    with database.snapshot() as tx:
        looks = {row[0]: Look(*row) for row in tx.rows(_ALL)}
    texts = [policy.intro_html, *(part.html for part in policy.parts)]
    texts += [clause.html for clause in policy.clauses]
    found, linked = [], set()
    for url in dict.fromkeys(url for text in texts for url in external_links(policy, text)):
        try:
            host = target_of(policy, url).host
        except TrothError:
            host = ""
        site = site_of_host(policy, host)
        found.append(_link(url, host, site, looks))
        linked.add(site.name if site else "")
    found += [
        _link("", site.hosts[0], site, looks) for site in policy.of(OtherSite) if site.name not in linked
    ]
    return found


def look(
    database: Database, clock: Clock, policy: Policy, fetch: Callable[[str], Fetched]
) -> list[tuple[Look, bool]]:
    """Look at the privacy policy of each declared site, and keep what was found.

    Args:
        database: Where looks are kept.
        clock: Dates them.
        policy: Declares the sites.
        fetch: Fetches a page, or raises a `TrothError`.

    Returns:
        Each look, with whether the text is another than at the look before.
    """
    with database.snapshot() as tx:
        before = {row[0]: Look(*row) for row in tx.rows(_ALL)}
    found = []
    for url in dict.fromkeys(site.policy_url for site in policy.of(OtherSite)):
        now, old = micros(clock.now()), before.get(url)
        try:
            page, error = fetch(url), ""
        except TrothError as failure:
            page, error = Fetched(0, old.size if old else 0, old.sha256 if old else ""), failure.code
        changed = not error and (old is None or page.sha256 != old.sha256)
        since = now if changed else old.changed_at if old else 0
        found.append((Look(url, now, page.status, page.size, page.sha256, since, error), changed))
    with database.transaction() as tx:
        tx.run_many(_PUT, [tuple(one) for one, _ in found])
    return found


def _link(url: str, host: str, site: OtherSite | None, looks: dict[str, Look]) -> Link:
    policy_url = site.policy_url if site else ""
    return Link(url, host, site.name if site else "", policy_url, looks.get(policy_url))
