"""What is shown at the receiving door: the installation's receipt, and tokens that cannot be tied to it."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple

from troth.telemetry.blinding import BlindError, PublicKey, blind, finalize, prepare
from troth.telemetry.folder import Folder
from troth.telemetry.schema import TelemetryError
from troth.telemetry.wire import Answer, call

RECEIPT, TOKENS = "receipt.json", "tokens.json"
_OPEN = "open"
_NONCE_BYTES = 32
_KEPT = 2
_KEY_CHARACTERS = 16


class Refusal(TelemetryError):
    """The door refused.

    Args:
        answer: What it said.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.what)
        self.answer = answer


class NoToken(TelemetryError):
    """There is no token to be had now; the text says why."""


class SigningKey(NamedTuple):
    """The key that signs tokens now: its id, its week, and the numbers."""

    key: str
    week: str
    public: PublicKey


class Passes:
    """Receipt and tokens in the folder. The caller holds the folder's upload lock.

    Args:
        folder: Where they are kept.
        base: Address that is called.
        endpoint: Address of the door that the receipt is for.
    """

    def __init__(self, folder: Folder, base: str, endpoint: str) -> None:
        self._folder, self._base, self._endpoint = folder, base, endpoint

    def receipt(self) -> str:
        """The receipt for this door; empty where there is none."""
        kept = self._folder.read(RECEIPT)
        return str(kept.get("receipt", "")) if kept.get("endpoint") == self._endpoint else ""

    def handle(self) -> str:
        """The name by which the door's operator knows this installation; it stands in no report."""
        return str(self._folder.read(RECEIPT).get("handle", ""))

    def fetch_receipt(self, product: str, release: str) -> str:
        """Opt in at the door, unless that was done.

        Raises:
            Refusal: The door refuses.
            Unreachable: It does not answer.
        """
        receipt = self.receipt()
        if receipt:
            return receipt
        asked = json.dumps({"product": product, "release": release}).encode()
        answer = call(f"{self._base}/telemetry/opt-in", body=asked)
        receipt = str(answer.document.get("receipt", ""))
        if answer.status not in {200, 201} or not receipt:
            raise Refusal(answer)
        handle = str(answer.document.get("installation", ""))
        self._folder.write(RECEIPT, {"receipt": receipt, "endpoint": self._endpoint, "handle": handle})
        return receipt

    def hand_back(self) -> None:
        """Opt out at the door: the receipt ends, and an unspent token goes back.

        Raises:
            Refusal: The door refuses.
            Unreachable: It does not answer.
        """
        receipt = self.receipt()
        if receipt:
            tokens = self._kept()
            body = json.dumps({"token": tokens[-1]["token"] if tokens else None}).encode()
            answer = call(f"{self._base}/telemetry/opt-out", body=body, authorization=f"Receipt {receipt}")
            if answer.status not in {200, 204}:
                raise Refusal(answer)
        self._folder.remove(RECEIPT, TOKENS)

    def tokens(self) -> list[str]:
        """Unspent tokens, oldest first."""
        return [str(one["token"]) for one in self._kept()]

    def claim(self, token: str, week: str) -> bool:
        """Note for which week a token goes out; gives whether it went out for that week before."""
        stored, kept = self._folder.read(TOKENS), self._kept()
        (held,) = (one for one in kept if one["token"] == token)
        before = held.get("for") == week
        if not before:
            held["for"] = week
            self._folder.write(TOKENS, stored | {"tokens": kept})
        return before

    def drop(self, token: str) -> None:
        """Forget a token that was spent or is closed."""
        stored = self._folder.read(TOKENS)
        stored["tokens"] = [one for one in self._kept() if one["token"] != token]
        self._folder.write(TOKENS, stored)

    def fetch_token(self, release: str) -> bool:
        """Fetch this week's token, once; gives whether a new one came.

        The same blinded message is asked for again until it is answered, so that a lost answer loses no token.

        Raises:
            NoToken: The door's keys cannot be used, or it gave the token of this week already.
            Refusal: The door refuses the receipt.
            Unreachable: It does not answer.
        """
        key = self._signing_key()
        stored = self._folder.read(TOKENS)
        if key.key in stored.get("had", []):
            return False
        asked = stored.get("asked", {})
        if asked.get("key") != key.key:
            asked = _asked(key)
            self._folder.write(TOKENS, stored | {"asked": asked})
        told = {"blinded": asked["blinded"], "key": key.key, "release": release}
        answer = call(
            f"{self._base}/telemetry/tokens",
            body=json.dumps(told).encode(),
            authorization=f"Receipt {self.receipt()}",
        )
        if answer.status == 409:  # noqa: PLR2004  it has no name of its own in what is imported
            self._note(stored, key, None)
            raise NoToken("The door gave this week's token already, for another message.")
        if answer.status != 200:  # noqa: PLR2004
            raise Refusal(answer)
        self._note(stored, key, _token(key, asked, str(answer.document.get("signature", ""))))
        return True

    def keys_seen(self) -> list[str]:
        """Ids of the keys that tokens were fetched under; other installations must have been given the same."""
        return [str(one) for one in self._folder.read(TOKENS).get("had", [])]

    def _kept(self) -> list[dict[str, Any]]:
        return [
            one
            for one in self._folder.read(TOKENS).get("tokens", [])
            if isinstance(one, dict) and "token" in one
        ]

    def _note(self, stored: dict[str, Any], key: SigningKey, token: str | None) -> None:
        new = [] if token is None else [{"week": key.week, "token": token}]
        kept = [*self._kept(), *new][-_KEPT:]
        had = [*stored.get("had", []), key.key][-2 * _KEPT :]
        self._folder.write(TOKENS, {"tokens": kept, "had": had})

    def _signing_key(self) -> SigningKey:
        answer = call(f"{self._base}/telemetry/keys")
        if answer.status != 200:  # noqa: PLR2004
            raise Refusal(answer)
        told = answer.document.get("keys")
        usable = (
            [one for one in told if isinstance(one, dict) and one.get("state") == _OPEN]
            if isinstance(told, list)
            else []
        )
        if not usable:
            raise NoToken("The door lists no key that signs now.")
        newest = max(usable, key=lambda one: str(one.get("week")))
        newest = [one for one in usable if one.get("week") == newest.get("week")][-1]
        return _read_key(newest)


def _read_key(told: dict[str, Any]) -> SigningKey:
    """A key of the list, which must be the one that its id says."""
    try:
        whole, n, e = (unpacked(str(told[name])) for name in ("public", "n", "e"))
        name, week = str(told["key"]), str(told["week"])
    except (KeyError, ValueError) as error:
        raise NoToken("A key of the door cannot be read.") from error
    if hashlib.sha256(whole).hexdigest()[:_KEY_CHARACTERS] != name or n not in whole:
        raise NoToken("A key of the door is not the one that its id says.")
    return SigningKey(name, week, PublicKey(int.from_bytes(n, "big"), int.from_bytes(e, "big")))


def _asked(key: SigningKey) -> dict[str, str]:
    from secrets import token_bytes

    prepared = prepare(token_bytes(_NONCE_BYTES))
    try:
        blinded = blind(key.public, prepared)
    except BlindError as error:
        raise NoToken(str(error)) from error
    return {
        "key": key.key,
        "prepared": packed(prepared),
        "inverse": hex(blinded.inverse),
        "blinded": packed(blinded.message),
    }


def _token(key: SigningKey, asked: dict[str, str], signature: str) -> str:
    try:
        signed = finalize(
            key.public, unpacked(asked["prepared"]), unpacked(signature), int(asked["inverse"], 16)
        )
    except ValueError as error:
        raise NoToken("The door's signature is not one by its key.") from error
    return f"{key.key}.{asked['prepared']}.{packed(signed)}"


def packed(value: bytes) -> str:
    """Bytes as base64 for addresses, without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """Bytes out of it.

    Raises:
        ValueError: It is none.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
