"""Certificates of erasure, wired: who signs them, what they tell of backups, and the last mail with the link to one."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from troth.bootstrap.mailing import mail_sending
from troth.bootstrap.speaking import day_in
from troth.flows import Certifying, Stays, Wording, Work
from troth.gate import LISTED, MAIL
from troth.kernel import from_micros, micros
from troth.policy import instant_after, read_span
from troth.rights import AGENT_NEWS, CLOSING, Backup, DrillTold, mandate_of
from troth.storage import Job, JobOver
from troth.vault import archives_holding, latest_drill

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

LINK_LASTS = timedelta(days=90)
"""How long the link in the last mail leads to the certificate; staff have it for ever."""
_MARK = 32
_SENTENCE = "sealed remains in a backup, unreadable for good from then on"


def certifying_of(troth: "Troth") -> Certifying:
    """What issues certificates."""
    return Certifying(
        database=troth.database,
        clock=troth.clock,
        policy=troth.policy,
        rights=troth.rights,
        signer=troth.signer,
        flush=troth.flush_ledger,
        remains=lambda: remains(troth),
    )


def remains(troth: "Troth") -> tuple[Sequence[Backup], DrillTold | None]:
    """The backups that hold sealed remains of whoever is erased now, and the last drill."""
    with troth.database.snapshot() as tx:
        found = archives_holding(tx, micros(troth.clock.now()))
        drill = latest_drill(tx)
    backups = [Backup(made=_text(one.made_at), until=_text(one.until)) for one in found]
    if drill is None:
        return backups, None
    told = DrillTold(
        ended=_text(drill.ended_at),
        passed=bool(drill.passed),
        backups=drill.archives,
        opened=drill.opened,
    )
    return backups, told


def sealed_remains(troth: "Troth") -> list[Stays]:
    """The same as lines of a plan."""
    with troth.database.reading() as tx:
        found = archives_holding(tx, micros(troth.clock.now()))
    return [
        Stays("backups", f"{_SENTENCE} (made on {from_micros(one.made_at):%-d %B %Y})", "III.7", one.until)
        for one in found
    ]


def listed_hashes(troth: "Troth") -> list[Stays]:
    """What the suppression list keeps of an erased person, and for how long."""
    policy, now = troth.policy(), troth.clock.now()
    kept = [one for one in policy.retentions.values() if one.after == LISTED]
    ends = [instant_after(now, span) for one in kept if (span := read_span(one.keep)) is not None]
    what = "keyed hashes of your identifiers, which tell nothing, so that nothing is taken in or sent again"
    reason = next((one.clause for one in kept), "")
    return [Stays("suppression", what, reason, micros(max(ends)) if ends else 0)]


def unread_mail(troth: "Troth") -> list[Stays]:
    """Mail that came in and that nobody has read, sealed and of nobody known; the latest instant at which it goes."""
    with troth.database.reading() as tx:
        waiting = sum(troth.inbox.counts(tx).values())
    if not waiting:
        return []
    until = troth.clock.now() + timedelta(days=troth.settings.mail.inbound.keep_days)
    what = "mail that came in and that nobody has read yet, sealed, whoever sent it"
    return [Stays("inbox", what, "III.4", micros(until))]


def certificate_link(troth: "Troth", case: str) -> str:
    """The signed link to a case's certificate, for 90 days from now."""
    until = int((troth.clock.now() + LINK_LASTS).timestamp())
    base = troth.settings.web.public_url.rstrip("/")
    given = {"until": until, "sig": _signature(troth, case, str(until))}
    return f"{base}/certificates/{case}?{urlencode(given)}"


def certificate_link_opens(troth: "Troth", case: str, until: str, signature: str) -> bool:
    """Whether a link to a certificate was made here and its time is not over."""
    given = signature.encode("utf-8", "replace")
    right = hmac.compare_digest(_signature(troth, case, until).encode(), given)
    return right and until.isascii() and until.isdigit() and troth.clock.now().timestamp() <= int(until)


def closing_mail(troth: "Troth") -> Callable[[Work, int], str]:
    """What sends the last mail of an erasure."""

    @cache
    def sending() -> Callable[[Job], None]:
        return mail_sending(troth, troth.mailer)

    def send(work: Work, tries: int) -> str:
        """Send it; the id goes by the case, so that a repeat is the same mail."""
        job_id = hashlib.sha256(f"closing {work.case}".encode()).hexdigest()[:_MARK]
        body = {"template": CLOSING, "purpose": "", "case": work.case}
        with troth.database.reading() as tx:
            agent = mandate_of(tx, work.case)
        if agent is not None:
            agents = hashlib.sha256(f"closing agent {work.case}".encode()).hexdigest()[:_MARK]
            with suppress(JobOver):  # what cannot be told to an agent stops no deletion
                sending()(Job(agents, MAIL, work.person, body | {"template": AGENT_NEWS}, tries))
        try:
            sending()(Job(job_id, MAIL, work.person, body, tries))
        except JobOver as over:
            return f"not sent: {over.code}"
        return ""

    return send


def closing_variables(troth: "Troth", case: str, words: Wording) -> Mapping[str, str]:
    """What the last mail says: the link to the certificate, and until when it leads there."""
    return {
        "link": certificate_link(troth, case),
        "ends": day_in(words, troth.clock.now() + LINK_LASTS),
    }


def _signature(troth: "Troth", case: str, until: str) -> str:
    text = f"troth certificate\0{case}\0{until}".encode()
    return hmac.new(troth.web_secret, text, hashlib.sha256).hexdigest()[:_MARK]


def _text(at: int) -> str:
    return from_micros(at).isoformat(timespec="seconds")
