"""A root key in AWS KMS, against a server that speaks its API."""

from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from troth.adapters import open_root_key
from troth.adapters.root_keys.aws_kms import KmsRootKey
from troth.kernel import TrothError, Unavailable
from troth.vault import WrongRoot

CONTEXT = b"troth.store-key|1|person"


def _made() -> str:
    return boto3.session.Session().client("kms").create_key()["KeyMetadata"]["KeyId"]


def test_an_alias_names_a_key(aws: str, tmp_path: Path) -> None:
    """A key is found by its alias as by its id, and one opens what the other wrapped."""
    key_id = _made()
    boto3.session.Session().client("kms").create_alias(AliasName="alias/troth-root", TargetKeyId=key_id)
    by_alias, by_id = (open_root_key(f"aws-kms:{name}", tmp_path) for name in ("alias/troth-root", key_id))
    assert by_id.unwrap(by_alias.wrap(b"secret", CONTEXT), CONTEXT) == b"secret"


def test_the_context_is_bound_by_kms_itself(aws: str, tmp_path: Path) -> None:
    """What Troth wraps opens in KMS only with the encryption context, which its audit trail shows."""
    key_id = _made()
    wrapped = open_root_key(f"aws-kms:{key_id}", tmp_path).wrap(b"secret", CONTEXT)
    client = boto3.session.Session().client("kms")
    opened = client.decrypt(CiphertextBlob=wrapped, EncryptionContext={"troth": CONTEXT.decode()})
    assert opened["Plaintext"] == b"secret"
    with pytest.raises(client.exceptions.InvalidCiphertextException):
        client.decrypt(CiphertextBlob=wrapped)


def test_an_unknown_key_is_told(aws: str, tmp_path: Path) -> None:
    """A key that is not there wraps nothing, and the message names it, not what was to be wrapped."""
    absent = "11111111-2222-3333-4444-555555555555"
    with pytest.raises(Unavailable, match=absent) as told:
        open_root_key(f"aws-kms:{absent}", tmp_path).wrap(b"secret", CONTEXT)
    assert "region" in told.value.mend
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("DisabledException", Unavailable),
        ("KMSInvalidStateException", Unavailable),
        ("AccessDeniedException", WrongRoot),
        ("ThrottlingException", Unavailable),
        ("InvalidCiphertextException", WrongRoot),
        ("IncorrectKeyException", WrongRoot),
    ],
)
def test_each_refusal_of_kms_is_told(aws: str, code: str, error: type[TrothError]) -> None:
    """A key that may not be used now is unavailable; one that wrapped something else is the wrong one."""
    client = boto3.session.Session().client("kms", config=Config(retries={"total_max_attempts": 1}))
    with Stubber(client) as stubber:
        stubber.add_client_error("decrypt", code)
        with pytest.raises(error) as told:
            KmsRootKey("any", client).unwrap(b"wrapped", CONTEXT)
    assert told.value.mend


def test_no_credentials_is_told(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials nothing is wrapped, and the message says what to check."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(Unavailable, match="NoCredentials") as told:
        open_root_key("aws-kms:any", tmp_path).wrap(b"secret", CONTEXT)
    assert "credentials" in told.value.mend


def test_no_region_is_told(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a region no client is made, and the message names the variable."""
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(Unavailable) as told:
        open_root_key("aws-kms:any", tmp_path)
    assert "AWS_REGION" in told.value.mend


def test_a_service_that_does_not_answer_is_told(
    aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused connection is no wrong key."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1")
    monkeypatch.setattr("troth.adapters.root_keys.aws_kms._TRIES", 1)
    with pytest.raises(Unavailable, match="cannot be asked"):
        open_root_key("aws-kms:any", tmp_path).wrap(b"secret", CONTEXT)
