"""Preferences, wired: links that stop, addresses that tell which message came back, and what marketing mail carries of both."""

from datetime import timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from troth.preferences import Envelopes, Preferences, StopTokens
from troth.storage import Task
from troth.vault import derive, normalised, open_sealed, seal_briefly

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

STOPPED = "stopped"
"""What became of mail, as it is counted, when whoever gets it stops it."""
_LINKS, _ENVELOPES = "stop-links", "envelopes"
_DAILY = timedelta(days=1)


class WaysOut(NamedTuple):
    """What a marketing message carries so that whoever gets it may stop it.

    Args:
        unsubscribe: Address of the one-click stop (RFC 8058).
        by_mail: Address of a mail that stops it (RFC 2369), as a mailto link.
        preferences: Address of the preference page.
        envelope: Envelope sender, to which reports go.
    """

    unsubscribe: str
    by_mail: str
    preferences: str
    envelope: str


def preferences_of(troth: "Troth") -> Preferences:
    """What people hear of."""

    def blind(kind: str, value: str) -> bytes:
        return troth.vault.keys.blind(kind, normalised(troth.policy().fields[kind].type, value))

    return Preferences(
        database=troth.database,
        clock=troth.clock,
        policy=troth.policy,
        perform_along=troth.gate.perform_along,
        key=troth.web_key,
        blind=blind,
        count=lambda tx: troth.mail_counts.note_in(tx, STOPPED),
    )


def stop_tokens_of(troth: "Troth") -> StopTokens:
    """Links to stop; sealed under a key made of the secret of the web."""
    secret = derive(troth.web_secret, _LINKS)
    return StopTokens(
        partial(seal_briefly, secret, _LINKS), partial(open_sealed, secret, _LINKS), troth.clock
    )


def envelopes_of(troth: "Troth") -> Envelopes:
    """Addresses of ours that name a message."""
    from troth.bootstrap.receiving import mail_domain

    return Envelopes(derive(troth.web_secret, _ENVELOPES), lambda: mail_domain(troth))


def ways_out(troth: "Troth", *, person: str, address: str, purpose: str, topic: str, message: str) -> WaysOut:
    """What a marketing mail to an address carries.

    Args:
        troth: The running parts.
        person: Handle of whom it goes to.
        address: Where it goes to.
        purpose: The data use that it serves.
        topic: Its topic; empty for none.
        message: Its id.
    """
    hashed = troth.preferences.hashed(address)
    token = troth.stop_tokens.issue(person, purpose, topic, "email", message, hashed)
    base = troth.settings.web.public_url.rstrip("/")
    subject, declared = troth.policy().front.contact.optout_subject, troth.policy().topics.get(topic)
    if subject and declared is not None:
        subject = f"{subject}: {declared.title or declared.name}"
    by_mail = f"mailto:{troth.envelopes.stop(message)}" + (f"?subject={_quoted(subject)}" if subject else "")
    return WaysOut(
        f"{base}/stop/{token}", by_mail, f"{base}/preferences/{token}", troth.envelopes.bounce(message)
    )


_quoted = lru_cache(maxsize=4)(quote)


def preference_tasks(troth: "Troth") -> list[Task]:
    """What is done with preferences periodically."""
    return [
        Task(
            "returned-mail",
            _DAILY,
            troth.preferences.tidy,
            "Forget mail that came back too long ago to count.",
        )
    ]
