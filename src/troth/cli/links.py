"""`troth links`: links to other sites, and their privacy policies."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import moment

if TYPE_CHECKING:
    from troth.choice import Link, Look

app = group(
    "links", "Links to other sites: the inventory, a look at their privacy policies, the signing key."
)


@command(
    app,
    "list",
    example="troth links list",
    gives={"links": "url, host, site, policy_url, and the last look: looked, status, sha256, changed, error"},
)
def list_(say: Say) -> None:
    """List every link to another site in the policy's pages, and every declared site, with the last look at its policy."""
    with say.open() as troth:
        found = troth.site_links()
    rows = [_row(one) for one in found]
    heads = ("link", "host", "site", "its policy", "looked at")
    cells = [
        (
            one.url or "(declared only)",
            one.host,
            one.site or "(not declared)",
            one.policy_url,
            _seen(one.look),
        )
        for one in found
    ]
    say.answer({"links": rows}, table(heads, cells))


@command(
    app,
    "look",
    example="troth links look",
    gives={"looks": "policy_url, looked, status, size, sha256, changed, error, and new_text of each"},
)
def look(say: Say) -> None:
    """Look at the privacy policy of each declared site and keep its fingerprint. Only https and public addresses are asked."""
    with say.open() as troth:
        found = troth.look_at_sites()
    rows = [{"policy_url": one.policy_url, **_look(one), "new_text": new} for one, new in found]
    cells = [(one.policy_url, _seen(one), "new text" if new else "") for one, new in found]
    say.answer({"looks": rows}, table(("policy", "look", ""), _or_none(cells)))


@command(app, "rotate", example="troth links rotate", gives={"key_id": "id of the key that signs now"})
def rotate(say: Say) -> None:
    """Sign exit links with a new key. Links signed with the last key still work; those of the key before it do not."""
    with say.open() as troth:
        key_id = troth.exit_keys.rotate()
    say.answer({"key_id": key_id}, f"Exit links are signed with key {key_id} from now on.")


def _row(one: "Link") -> dict[str, object]:
    row: dict[str, object] = {
        "url": one.url,
        "host": one.host,
        "site": one.site,
        "policy_url": one.policy_url,
    }
    return {**row, **(_look(one.look) if one.look else {})}


def _look(one: "Look") -> dict[str, object]:
    return {
        "looked": moment(one.looked_at),
        "status": one.status,
        "size": one.size,
        "sha256": one.sha256,
        "changed": moment(one.changed_at),
        "error": one.error,
    }


def _seen(one: "Look | None") -> str:
    if one is None:
        return "never"
    when = moment(one.looked_at)
    return f"{when} {one.error}" if one.error else f"{when} {one.sha256[:12]}"


def _or_none(cells: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return list(cells) or [("(none declared)", "", "")]
