"""Links to stop: sealed, so that they tell nothing; authentic, so that nobody makes one; and expiring.

A token is what the link says, sealed (AES-256-GCM, NIST SP 800-38D). It holds no address, only a keyed hash of
one, and it is not kept anywhere. An envelope address holds the id of a message and a MAC (HMAC-SHA256, RFC 2104, cut to 80 bits).
"""

import base64
import hmac
import re
from collections.abc import Callable

import msgspec

from troth.kernel import Clock, InvalidInput, micros
from troth.preferences.model import LIFE, LINK, Stop

_MICROSECOND = LIFE[LINK].resolution
_MOST = 1_000
_MAC_BYTES = 10
_LOCAL = re.compile(r"(bounce|stop)\+([a-z0-9-]{8,40})\.([a-z2-7]{16})")
Seal = Callable[[bytes], bytes]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Stop).decode


class BadToken(InvalidInput):
    """A link that we did not make, that was changed, or whose time is over."""

    status = 400
    code = "bad-link"


class StopTokens:
    """Makes and reads links to stop.

    Args:
        seal: Seals what a link says, authentically, under a key of this use alone.
        unseal: Opens it; raises ValueError where it was not sealed so.
        clock: Dates them.
    """

    def __init__(self, seal: Seal, unseal: Seal, clock: Clock) -> None:
        self._seal, self._unseal, self._clock = seal, unseal, clock

    def issue(
        self,
        person: str,
        purpose: str,
        topic: str,
        channel: str,
        message_id: str,
        hashed: str,
        kind: str = LINK,
    ) -> str:
        """The token of a link.

        Args:
            person: Handle; empty where nobody is known.
            purpose: Data use of the message.
            topic: Its topic; empty for none.
            channel: Its channel; empty for every one.
            message_id: Its id; empty for none.
            hashed: Keyed hash of the address, as `Preferences.hashed` gives it; empty for none.
            kind: `link`, or `centre` for whoever has just asked for it.
        """
        made = micros(self._clock.now())
        said = Stop(kind, person, purpose, topic, channel, message_id, hashed, made)
        return base64.urlsafe_b64encode(self._seal(_encode(said))).decode().rstrip("=")

    def read(self, token: str) -> Stop:
        """What the link of a token says.

        Raises:
            BadToken: We did not make it, it was changed, or its time is over.
        """
        try:
            padded = token[:_MOST] + "=" * (-len(token) % 4)
            sealed = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
            said = _decode(self._unseal(sealed))
        except (ValueError, msgspec.MsgspecError):
            raise _bad("This link was not made by us, or was changed on the way.") from None
        age = micros(self._clock.now()) - said.made
        if said.kind not in LIFE or age >= LIFE[said.kind] // _MICROSECOND:
            raise _bad("The time of this link is over.")
        return said


class Envelopes:
    """Makes and reads addresses that tell which message came back (variable envelope return path), or is answered.

    Args:
        secret: 32 bytes, of this use alone.
        domain: Gives our mail domain.
    """

    def __init__(self, secret: bytes, domain: Callable[[], str]) -> None:
        self._domain = domain
        self._keyed = hmac.new(secret, digestmod="sha256")

    def bounce(self, message_id: str) -> str:
        """The envelope sender of a message, to which reports about it go."""
        return self._address("bounce", message_id)

    def stop(self, message_id: str) -> str:
        """The address to which a mail stops what a message was about (RFC 2369)."""
        return self._address("stop", message_id)

    def message(self, address: str) -> str:
        """Id of the message that an address of ours names; empty where nothing proves that we made it."""
        local, _, domain = address.lower().rpartition("@")
        found = _LOCAL.fullmatch(local)
        if found is None or domain != self._domain().lower():
            return ""
        return found[2] if hmac.compare_digest(self._mac(found[1], found[2]), found[3]) else ""

    def _address(self, use: str, message_id: str) -> str:
        return f"{use}+{message_id}.{self._mac(use, message_id)}@{self._domain()}"

    def _mac(self, use: str, message_id: str) -> str:
        mac = (
            self._keyed.copy()
        )  # `hmac.digest` lets another thread run, which costs more than a hash so short
        mac.update(f"{use}\0{message_id}".encode())
        return base64.b32encode(mac.digest()[:_MAC_BYTES]).decode().lower()


def takes(use: str) -> Callable[[str], bool]:
    """Whether a local part (in lower case) has the form of such an address; goes by its form alone."""

    def fits(local: str) -> bool:
        found = _LOCAL.fullmatch(local)
        return found is not None and found[1] == use

    return fits


def _bad(what: str) -> BadToken:
    return BadToken(
        what,
        clause="II.14",
        mend="Give your address on the page /preferences, or write to us: every way stops them.",
    )
