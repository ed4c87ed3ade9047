"""A root key in HashiCorp Vault's Transit engine: the key never leaves it; Troth sends store keys to be wrapped.

Source: Vault HTTP API, Transit secrets engine, encrypt and decrypt with `associated_data`, which needs an AEAD key type
such as aes256-gcm96 (the default). The token comes from VAULT_TOKEN, or from the file that VAULT_TOKEN_FILE names, which
is read for each request, so that an agent may renew it.
"""

import base64
import binascii
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from troth.kernel import InvalidInput, NotFound, TrothError, Unavailable
from troth.vault import WrongRoot

if TYPE_CHECKING:
    import httpx

TOKEN_VARIABLE = "VAULT_TOKEN"  # noqa: S105  the name of a variable
TOKEN_FILE_VARIABLE = "VAULT_TOKEN_FILE"  # noqa: S105  the name of a variable
NAMESPACE_VARIABLE = "VAULT_NAMESPACE"
_SECONDS = 10.0
_MOUNT = "transit"
_BAD, _DENIED, _ABSENT, _SEALED = 400, 403, 404, 503
_GONE = "encryption key not found"
_MENDS = {
    _DENIED: "Check the token, and that its policy allows update on encrypt and decrypt of this key.",
    _ABSENT: "Check the address and where Transit is mounted: vault-transit:https://HOST:8200/MOUNT#KEY.",
    _SEALED: "Unseal Vault, or wait until it is up.",
}


class _Data(msgspec.Struct):
    ciphertext: str = ""
    plaintext: str = ""


class _Answer(msgspec.Struct):
    data: _Data = msgspec.field(default_factory=_Data)
    errors: list[str] = []


class TransitRootKey:
    """A root key in Vault Transit.

    Args:
        server: Address of Vault, as https://host:8200.
        mount: Where Transit is mounted.
        key: Name of the key there.
        client: A client for HTTP.
        environment: Where the token is named.
    """

    def __init__(
        self, server: str, mount: str, key: str, client: "httpx.Client", environment: Mapping[str, str]
    ) -> None:
        self._place = f"{server}/v1/{quote(mount)}"
        self._key = quote(key, safe="")
        self._client = client
        self._environment = environment
        self.name = f"vault-transit:{server}/{mount}#{key}"

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """See `RootKey.wrap`."""
        answer = self._asked("encrypt", {"plaintext": _text(secret), "associated_data": _text(context)})
        if not answer.ciphertext.startswith("vault:v"):
            raise self._odd()
        return answer.ciphertext.encode()

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """See `RootKey.unwrap`."""
        try:
            ciphertext = wrapped.decode("ascii")
        except UnicodeDecodeError as error:
            raise self._foreign() from error
        answer = self._asked("decrypt", {"ciphertext": ciphertext, "associated_data": _text(context)})
        try:
            return base64.b64decode(answer.plaintext, validate=True)
        except binascii.Error as error:
            raise self._odd() from error

    def _asked(self, operation: str, body: Mapping[str, str]) -> _Data:
        import httpx

        try:
            response = self._client.post(
                f"{self._place}/{operation}/{self._key}", json=body, headers=_headers(self._environment)
            )
        except httpx.HTTPError as error:
            raise Unavailable(
                f"{self.name} cannot be reached ({type(error).__name__}).",
                mend="Check that Vault is up, and its certificate.",
            ) from error
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except msgspec.DecodeError as error:
            raise self._refused(response.status_code, ()) from error
        if not response.is_success:
            raise self._refused(response.status_code, answer.errors)
        return answer.data

    def _refused(self, status: int, errors: list[str] | tuple[()]) -> TrothError:
        if status == _BAD and any(_GONE in one for one in errors):
            return Unavailable(
                f"Vault has no key for {self.name}.", mend="Name the key that wrapped the key store."
            )
        if status == _BAD:
            return self._foreign()
        return Unavailable(
            f"Vault refuses {self.name} with status {status}.",
            mend=_MENDS.get(status, "Try again; Vault's audit log tells more."),
        )

    def _foreign(self) -> WrongRoot:
        return WrongRoot(
            f"{self.name} does not open the key store.",
            clause="IV.1",
            mend="Name the key that wrapped it in [keys] root, and keep its old versions decryptable in Vault.",
        )

    def _odd(self) -> Unavailable:
        return Unavailable(f"{self.name} answers what Transit would not.", mend="Check the address.")


def open_transit_root_key(place: str, environment: Mapping[str, str] | None = None) -> TransitRootKey:
    """Open a root key in Vault Transit.

    Args:
        place: Address and key, as `https://host:8200#key`; a path in the address is the mount of Transit.
        environment: Where the token is named; the process's own when None.

    Raises:
        InvalidInput: The place is malformed, plain http to another host, or httpx is not installed.
        NotFound: No token is named.
    """
    server, mount, key = _parts(place)
    environment = os.environ if environment is None else environment
    try:
        import httpx
    except ImportError as error:
        raise InvalidInput(
            "A root key in Vault Transit needs httpx.", field="keys.root", mend="pip install troth[vault]"
        ) from error
    _headers(environment)
    # A proxy of the environment must not see what goes to a Vault on this machine.
    client = httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=server.startswith("https:"))
    return TransitRootKey(server, mount, key, client, environment)


def _parts(place: str) -> tuple[str, str, str]:
    """Address of the server, mount of Transit, and the key's name."""
    address, _, key = place.partition("#")
    url = urlsplit(address)
    if not key or not url.hostname or url.query or url.username or url.password:
        raise InvalidInput(
            "The place of the root key in Vault Transit is malformed.",
            field="keys.root",
            mend="Write vault-transit:https://host:8200#keyname; the token goes into VAULT_TOKEN.",
        )
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.hostname)):
        raise InvalidInput(
            "Vault may be reached only by https, or by http on this machine.",
            field="keys.root",
            mend="Write vault-transit:https://host:8200#keyname.",
        )
    return f"{url.scheme}://{url.netloc}", url.path.strip("/") or _MOUNT, key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    headers = {"X-Vault-Token": _token(environment), "X-Vault-Request": "true"}
    if environment.get(NAMESPACE_VARIABLE):
        headers["X-Vault-Namespace"] = environment[NAMESPACE_VARIABLE]
    return headers


def _token(environment: Mapping[str, str]) -> str:
    token = environment.get(TOKEN_VARIABLE, "")
    file = environment.get(TOKEN_FILE_VARIABLE, "")
    if not token and file:
        try:
            token = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise NotFound(
                f"The token of Vault cannot be read from {file}.", mend=f"Check {TOKEN_FILE_VARIABLE}."
            ) from error
    if not token or not token.isprintable() or not token.isascii():
        raise NotFound(
            "There is no token for Vault.",
            mend=f"Set {TOKEN_VARIABLE}, or {TOKEN_FILE_VARIABLE} to a file that holds it.",
        )
    return token


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
