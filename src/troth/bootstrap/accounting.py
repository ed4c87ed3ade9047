"""Accounts, wired."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from troth.accounts import Accounts, Attempts, Challenges, Passkeys, RelyingParty
from troth.bootstrap.mailing import mail_sending
from troth.gate import MAIL, language_of
from troth.kernel import Log, Unavailable, new_id
from troth.storage import Job, JobOver

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_log = Log("troth.accounts")
_CLOSED = {"template": "account-closed", "purpose": ""}


def accounts_of(troth: "Troth") -> Accounts:
    """What visitors do with accounts."""
    sending = mail_sending(troth, troth.mailer)

    def closing(person: str, language: str) -> bool:
        """Write while the address is known; an account is closed whether or not a mail server is there."""
        try:
            body = _CLOSED | {"language": language_of(language)}
            sending(Job(new_id(), MAIL, person, body, 1))
        except (JobOver, Unavailable) as error:
            _log.warning("closing_not_told", error=getattr(error, "code", ""))
            return False
        return True

    return Accounts(perform=troth.perform, policy=troth.policy, key=troth.web_key, closing=closing)


def attempts_of(troth: "Troth") -> Attempts:
    """Limits on signing in, shared by the processes of a site."""
    return Attempts(troth.database, troth.clock, troth.web_secret)


def challenges_of(troth: "Troth") -> Challenges:
    """Challenges of passkeys, shared by the processes of a site."""
    return Challenges(troth.database, troth.clock, troth.web_secret)


def passkeys_of(troth: "Troth", accounts: Accounts) -> Passkeys:
    """Passkeys for the host of the public address."""
    return Passkeys(accounts, troth.clock, party_of(troth), challenges_of(troth))


def party_of(troth: "Troth") -> RelyingParty:
    """Who passkeys are for: the host of the public address."""
    parts = urlsplit(troth.settings.web.public_url)
    return RelyingParty(
        parts.hostname or "localhost",
        troth.policy().front.controller.name,
        f"{parts.scheme}://{parts.netloc}",
    )
