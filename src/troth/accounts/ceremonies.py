"""The two ceremonies of passkeys (WebAuthn Level 3), verified by py_webauthn, for whoever keeps what verifies them."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from troth.accounts.challenges import Challenges
from troth.kernel import InvalidInput


class RelyingParty(NamedTuple):
    """Who passkeys are for: the host, the name that browsers show, and the origin of the pages."""

    host: str
    name: str
    origin: str


class Made(NamedTuple):
    """A passkey that a browser made: its id (base64url), its public key, and how often it signed."""

    credential: str
    public_key: bytes
    times: int


class NotSigned(Exception):
    """A passkey did not sign what it was asked to."""


class Ceremonies:
    """Asks browsers for passkeys, and verifies what they answer.

    Args:
        party: Who they are for.
        challenges: Makes and takes back challenges.
        sure: Whether the authenticator must know its owner, by a code or a finger; else it does so where it can.
    """

    def __init__(self, party: RelyingParty, challenges: Challenges, *, sure: bool = False) -> None:
        self._party = party
        self._challenges = challenges
        self._sure = sure

    def adding(self, use: str, user: bytes, name: str, there: Iterable[str]) -> str:
        """The options (JSON) with which a browser makes a passkey.

        Args:
            use: What the challenge is for, such as adding one in one session.
            user: Handle of whose it is.
            name: What a browser shows beside it.
            there: Ids of those that there are, which are not made again.
        """
        from webauthn import generate_registration_options, options_to_json
        from webauthn.helpers import base64url_to_bytes
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialDescriptor,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        verification = (
            UserVerificationRequirement.REQUIRED if self._sure else UserVerificationRequirement.PREFERRED
        )
        options = generate_registration_options(
            rp_id=self._party.host,
            rp_name=self._party.name,
            user_id=user,
            user_name=name,
            challenge=self._challenges.make(use),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=verification
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in there],
        )
        return str(options_to_json(options))

    def added(self, use: str, credential: Mapping[str, Any]) -> Made:
        """The passkey that a browser made.

        Raises:
            InvalidInput: It does not verify, or was made for something else.
        """
        from webauthn import verify_registration_response
        from webauthn.helpers import bytes_to_base64url
        from webauthn.helpers.exceptions import WebAuthnException

        challenge = self.spent(use, credential)
        try:
            found = verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._party.host,
                expected_origin=self._party.origin,
                require_user_verification=self._sure,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise _unverified() from error
        return Made(bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count)

    def signing_in(self, use: str) -> str:
        """The options (JSON) with which a browser signs; they name nobody, so that nothing can be learned."""
        from webauthn import generate_authentication_options, options_to_json
        from webauthn.helpers.structs import UserVerificationRequirement

        options = generate_authentication_options(
            rp_id=self._party.host,
            challenge=self._challenges.make(use),
            user_verification=UserVerificationRequirement.REQUIRED
            if self._sure
            else UserVerificationRequirement.PREFERRED,
        )
        return str(options_to_json(options))

    def signed(self, credential: Mapping[str, Any], challenge: bytes, kept: Made) -> int:
        """How often a passkey has signed by now.

        Args:
            credential: What the browser answered.
            challenge: What it had to sign, spent before.
            kept: The passkey as it is kept.

        Raises:
            NotSigned: It did not sign it, or its counter went back as a copy's does.
        """
        from webauthn import verify_authentication_response
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            verified = verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._party.host,
                expected_origin=self._party.origin,
                credential_public_key=kept.public_key,
                credential_current_sign_count=kept.times,
                require_user_verification=self._sure,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise NotSigned from error
        return int(verified.new_sign_count)

    def spent(self, use: str, credential: Mapping[str, Any]) -> bytes:
        """The challenge that a browser signed, used up now.

        Raises:
            InvalidInput: It is not one of ours for this use, is over, or was used.
        """
        from webauthn.helpers import base64url_to_bytes

        try:
            told = msgspec.json.decode(base64url_to_bytes(credential["response"]["clientDataJSON"]))
            challenge = base64url_to_bytes(told["challenge"])
        except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
            raise _unverified() from error
        if not self._challenges.spend(use, challenge):
            raise _unverified()
        return challenge


def _unverified() -> InvalidInput:
    return InvalidInput(
        "The passkey does not verify; nothing was kept.", field="credential", mend="Try again."
    )
