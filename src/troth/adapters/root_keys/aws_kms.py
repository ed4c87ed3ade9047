"""A root key in AWS Key Management Service: the key never leaves it; Troth sends store keys to be wrapped.

Source: AWS KMS API reference, Encrypt and Decrypt, with the context as encryption context. Account, region and endpoint
come from the environment and files that AWS's own tools read.
"""

from typing import TYPE_CHECKING, Any

from troth.kernel import InvalidInput, TrothError, Unavailable
from troth.vault import WrongRoot

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_kms import KMSClient

_CONNECT_SECONDS, _READ_SECONDS, _TRIES = 5, 10, 3
_CONTEXT = "troth"
_FOREIGN = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_DENIED = "AccessDeniedException"
_MENDS = {
    "NotFoundException": "Check the key's id or alias, and the region.",
    "DisabledException": "Enable the key in KMS.",
    "KMSInvalidStateException": "Cancel the key's deletion in KMS, or wait until it can be used.",
    "AccessDeniedException": "Allow this account kms:Encrypt and kms:Decrypt on the key.",
    "UnrecognizedClientException": "Check the credentials that AWS's tools would use here.",
    "ExpiredTokenException": "Renew the credentials.",
    "InvalidKeyUsageException": "Use a symmetric key for encryption and decryption.",
}


class KmsRootKey:
    """A root key in AWS KMS.

    Args:
        key_id: Id, ARN or alias of a symmetric key.
        client: A client of the KMS API.
    """

    def __init__(self, key_id: str, client: "KMSClient") -> None:
        self._key_id = key_id
        self._client = client
        self.name = f"aws-kms:{key_id}"

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """See `RootKey.wrap`."""
        answer = self._asked(
            lambda: self._client.encrypt(
                KeyId=self._key_id, Plaintext=secret, EncryptionContext={_CONTEXT: context.decode()}
            )
        )
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """See `RootKey.unwrap`."""
        answer = self._asked(
            lambda: self._client.decrypt(
                KeyId=self._key_id, CiphertextBlob=wrapped, EncryptionContext={_CONTEXT: context.decode()}
            )
        )
        return bytes(answer["Plaintext"])

    def _asked(self, call: "Callable[[], Any]") -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call()
        except ClientError as error:
            raise self._reported(error.operation_name, error.response["Error"].get("Code", "")) from error
        except BotoCoreError as error:
            raise Unavailable(
                f"AWS KMS cannot be asked ({type(error).__name__}).",
                mend="Check network, region and credentials of AWS.",
            ) from error

    def _reported(self, operation: str, code: str) -> TrothError:
        # KMS says "access denied" also of a text that a key elsewhere wrapped, so that nobody learns which keys exist.
        if code in _FOREIGN or (operation == "Decrypt" and code == _DENIED):
            return WrongRoot(
                f"{self.name} does not open the key store.",
                clause="IV.1",
                mend="Name the key that wrapped it in [keys] root, and allow kms:Decrypt on it.",
            )
        return Unavailable(
            f"AWS KMS refuses {self.name} ({code}).", mend=_MENDS.get(code, "Try again; see the key in KMS.")
        )


def open_kms_root_key(key_id: str) -> KmsRootKey:
    """Open a root key in AWS KMS by its id, ARN or alias.

    Raises:
        InvalidInput: There is no key id, or boto3 is not installed.
        Unavailable: AWS is not configured here.
    """
    if not key_id:
        raise InvalidInput(
            "The root key in AWS KMS has no id.", field="keys.root", mend="Write aws-kms:KEYID."
        )
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise InvalidInput(
            "A root key in AWS KMS needs boto3.", field="keys.root", mend="pip install troth[aws]"
        ) from error
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": _TRIES, "mode": "standard"},
    )
    try:
        client = boto3.session.Session().client("kms", config=config)
    except BotoCoreError as error:
        raise Unavailable(
            f"AWS is not configured here ({type(error).__name__}).", mend="Set AWS_REGION and credentials."
        ) from error
    return KmsRootKey(key_id, client)
