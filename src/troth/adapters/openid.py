"""The company's own OpenID provider (OpenID Connect Core 1.0, Discovery 1.0; PKCE, RFC 7636), asked so that it cannot lead us astray.

The authorization code flow alone. Addresses come from the provider's own discovery document, whose issuer must be the one that was
set; each is resolved once, every address must be public unless the settings say otherwise, and no redirect is followed.
"""

import base64
import http.client
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from troth.adapters.pages import MAX_PAGE, NotFetched, PinnedHttps, checked_address
from troth.kernel import Clock, InvalidInput, Unauthenticated, Unavailable

SECONDS = 10.0
_KEPT = timedelta(hours=1)
_MOST_SECONDS = 1 << 40
LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""
_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
_SCOPE = "openid profile"


class NotSaid(Unauthenticated):
    """The provider did not say, in a way that can be believed, who somebody is."""


class Said(NamedTuple):
    """What the provider said of somebody.

    Args:
        subject: Issuer, a blank, subject.
        name: What people call them; empty where it did not say.
        groups: What the claim of groups holds.
        signed_in_at: When they last signed in there (seconds since 1970); 0 where it did not say.
    """

    subject: str
    name: str
    groups: tuple[str, ...]
    signed_in_at: int


class Provider:
    """The provider.

    Args:
        issuer: Its address, as its discovery document says it.
        client_id: Under which it knows us.
        secret: Which we share with it; empty for a public client.
        claim: Claim that holds the groups.
        private: Whether it may have an address that is not public, and be asked without TLS.
        clock: Dates what it says.
    """

    def __init__(
        self, *, issuer: str, client_id: str, secret: str, claim: str, private: bool, clock: Clock
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._secret = secret
        self._claim = claim
        self._private = private
        self._clock = clock
        self._found: tuple[datetime, Mapping[str, Any]] | None = None

    def address(self, *, redirect: str, state: str, nonce: str, verifier: str, again: bool) -> str:
        """Where somebody is sent to say who they are.

        Args:
            redirect: Where they come back to.
            state: Ties what comes back to who was sent.
            nonce: Ties what is said to this very question.
            verifier: Ties the code to us (PKCE); only its digest goes along.
            again: Whether they must sign in there anew.
        """
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect,
            "scope": _SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        } | ({"prompt": "login", "max_age": "0"} if again else {})
        base = str(self._discovered()["authorization_endpoint"])
        return f"{base}{'&' if '?' in base else '?'}{urlencode(asked)}"

    def said(self, *, code: str, issuer: str, redirect: str, nonce: str, verifier: str) -> Said:
        """Who somebody is, for the code with which they came back.

        Raises:
            NotSaid: What the provider says cannot be believed.
            Unavailable: It does not answer.
        """
        if issuer and issuer != self.issuer:  # RFC 9207: who answered is another one
            raise NotSaid("Another provider answered.", mend="Sign in again.")
        answer = self._token(code, redirect, verifier)
        claims = self._believed(str(answer.get("id_token", "")), nonce)
        if self._claim not in claims:
            claims = {**self._about(claims, answer), **claims}
        groups = claims.get(self._claim, ())
        named = (groups,) if isinstance(groups, str) else groups if isinstance(groups, list | tuple) else ()
        at = claims.get("auth_time", 0)
        return Said(
            f"{self.issuer} {claims['sub']}",
            str(claims.get("name") or claims.get("preferred_username") or ""),
            tuple(str(one) for one in named),
            int(at) if isinstance(at, int) and 0 <= at < _MOST_SECONDS else 0,
        )

    def _believed(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token whose signature, issuer, audience, times and nonce are right (Core 1.0, section 3.1.3.7)."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        keys = KeySet.import_key_set(self._read("GET", str(self._discovered()["jwks_uri"])))  # type: ignore[arg-type]
        rules = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
            rules.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotSaid("What the provider said cannot be believed.", mend="Sign in again.") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self._client_id:
            raise NotSaid("The provider said it to somebody else.", mend="Sign in again.")
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise NotSaid("The provider named nobody.", mend="Sign in again.")
        return dict(claims)

    def _token(self, code: str, redirect: str, verifier: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self._secret:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return self._read("POST", str(self._discovered()["token_endpoint"]), urlencode(form), headers)

    def _about(self, claims: Mapping[str, Any], answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the provider tells of somebody elsewhere, where it speaks of the same one."""
        place, token = self._discovered().get("userinfo_endpoint"), answer.get("access_token")
        if not place or not token:
            return {}
        found = self._read("GET", str(place), headers={"Authorization": f"Bearer {token}"})
        return found if found.get("sub") == claims["sub"] else {}

    def _discovered(self) -> Mapping[str, Any]:
        now = self._clock.now()
        if self._found is None or not timedelta(0) <= now - self._found[0] < _KEPT:
            told = self._read("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if told.get("issuer") != self.issuer or not all(isinstance(told.get(one), str) for one in names):
                raise Unavailable(
                    "The provider says that it is another one.", mend="Check staff.company.issuer."
                )
            self._check(str(told["authorization_endpoint"]))
            self._found = now, told
        return self._found[1]

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname and "@" not in parts.netloc:
            return
        if not (self._private and parts.scheme == "http" and parts.hostname and "@" not in parts.netloc):
            raise InvalidInput(
                "The provider is asked over https only.", field="issuer", mend="Name an https address."
            )

    def _read(
        self, method: str, url: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """The JSON object that an address of the provider answers with."""
        self._check(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = checked_address(host, port, private=self._private)
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = PinnedHttps(host, port, address, SECONDS)
        else:
            connection = http.client.HTTPConnection(address, port, timeout=SECONDS)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            connection.request(
                method, path, body, {"Host": parts.netloc, "Accept": "application/json", **(headers or {})}
            )
            answer = connection.getresponse()
            content = answer.read(MAX_PAGE + 1)
        except (OSError, http.client.HTTPException) as error:
            raise NotFetched(
                f"The provider cannot be reached ({type(error).__name__}).", mend="Sign in another way."
            ) from error
        finally:
            connection.close()
        return _object(answer.status, content)


def _object(status: int, content: bytes) -> Mapping[str, Any]:
    if status in (http.HTTPStatus.BAD_REQUEST, http.HTTPStatus.UNAUTHORIZED):
        raise NotSaid("The provider does not take this.", mend="Sign in again.")
    try:
        found = json.loads(content) if status == http.HTTPStatus.OK and len(content) <= MAX_PAGE else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NotFetched("The provider does not answer as it should.", mend="Sign in another way.")
    return found
