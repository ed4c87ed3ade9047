"""What of this release enforces clauses, and the table that `policy check --enforcement` prints."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from troth.cli.say import Text, table
from troth.kernel import NotFound

if TYPE_CHECKING:
    from troth.policy import EnforcementRow, Policy

TABLE_FILE = "enforcement.yaml"
_PLAIN = 0o666
"""As any file, less what the umask takes away."""
RUNS = {
    "policy": "checks documents and decides acts",
    "gate": "decides, does and records every act in one unit of work",
    "vault": "keeps people's fields sealed under their own keys",
    "rights": "gives requests, disputes and questions their clocks and their steps",
    "desk": "serves people by cases: orders in stages, tickets by whom they are assigned to",
    "ledger": "keeps every decision in a signed Merkle log",
    "collection": "takes data at declared collection points only",
    "accounts": "opens, secures and closes people's accounts",
    "forum": "shows postings that were previewed and acknowledged, and runs nothing of them",
    "inbound": "takes mail in, sealed on disk before it is accepted, and reads it under limits",
    "relay": "passes messages between users who both want it, by alias, without an address",
    "preferences": "stops what people do not want to hear about, per topic and channel, by links without an account",
    "content": "shows content that suits who looks, where that is allowed",
    "choice": "keeps what visitors chose, holds cookies to it, counts notices, leads out",
    "events": "counts visits of the web sites, after the visitor's choice only",
    "outreach": "sends mail, letters and calls by a decision for each, and counts audiences that hold no child",
    "bulletins": "takes crucial notices to every owner of a product, approved by two, without promotion",
    "campaigns": "sends a message to an audience, each copy by a decision of its own moment",
    "ingress": "takes reports of installations that opted in, and keeps nothing that tells which they are",
    "insights": "runs declared reports, which count people and show nobody",
    "web": "publishes the policy and serves the API",
    "storage": "keeps everything on disk, together or not at all",
    "flows": "backup and restore with data and key store apart, requests carried out, the copy that people may have",
    "cli": "runs and inspects a data folder",
}
"""The rooms that run in this release."""

ESTABLISHED = (
    "purpose.granted",
    "case.open",
    "case.assigned",
    "stage.others",
    "person.consented",
    "person.objected",
    "person.blocked",
    "person.restricted",
    "person.suppressed",
    "age.passed",
    "person.child",
    "person.counted",
    "cohort.sufficient",
    "budget.left",
    "point.age-screened",
    "parent.verified",
    "person.confirmed",
    "person.verified",
    "hold.active",
    "hold.only",
    "hold.purpose",
    "parent.sharing",
    "notice.acknowledged",
    "message.approved",
    "message.listed",
    "message.promotional",
    "product.owned",
    "point.declared",
    "point.amends",
    "person.self",
    "signal.opt-out",
    "notice.shown",
    "recipient.declared",
    "topic.declared",
    "topic.stopped",
    "stop.recent",
    "suppressed.erased",
    "suppressed.child",
    "suppressed.opted-out",
    "suppressed.no-contact",
    "suppressed.bounced",
    "installation.opted-in",
    "installation.supported",
    "report.valid",
)
"""The facts that the gate of this release establishes, beside `case.<type>` of every declared case."""


def enforcement_rows(policy: "Policy", file: Path, document: dict[str, Any]) -> tuple[dict[str, Any], Text]:
    """The enforcement table beside a policy document, for JSON and for people.

    Args:
        policy: The checked policy.
        file: Its document; the table is `enforcement.yaml` beside it.
        document: The rest of the answer.

    Raises:
        NotFound: There is no table.
        PolicyErrors: The table is malformed or claims more than this release runs.
    """
    beside = file.with_name(TABLE_FILE)
    if not beside.is_file():
        raise NotFound(
            f"{beside} does not exist, so nothing says what enforces {file.name}.",
            mend="Write it: clause id, then `by`, `how` and `proof`, or `by: not-yet` and `until`.",
        )
    rows = _rows(beside.read_bytes(), policy, beside)
    document["enforcement"] = {
        row.clause: {"by": list(row.by), "how": row.how, "proof": list(row.proof)} for row in rows
    }
    cells = [(row.clause, row.title, ", ".join(row.by) or "not yet", row.how) for row in rows]
    return document, table(("clause", "title", "enforced by", "how, or what is missing"), cells)


def checked_table(policy: "Policy", file: Path) -> bytes | None:
    """The enforcement table beside a policy document, checked against it; None when there is none.

    Raises:
        PolicyErrors: The table is malformed or claims more than this release runs.
    """
    beside = file.with_name(TABLE_FILE)
    if not beside.is_file():
        return None
    content = beside.read_bytes()
    _rows(content, policy, beside)
    return content


def keep_table(content: bytes, folder: Path) -> None:
    """Make this the table of a data folder; a server that reads meanwhile sees the old or the new one, whole."""
    from troth.storage import put_whole

    put_whole(folder / TABLE_FILE, content, mode=_PLAIN)


def _rows(content: bytes, policy: "Policy", file: Path) -> tuple["EnforcementRow", ...]:
    from troth.policy import read_enforcement

    facts = {*ESTABLISHED, *(f"case.{name}" for name in policy.cases)}
    return read_enforcement(content, policy, RUNS, file=str(file), established=facts)
