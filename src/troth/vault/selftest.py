"""A trial of sealing on keys made for it and thrown away: what should open does, and what should not does not."""

from collections.abc import Callable
from functools import partial

from troth.kernel import Corrupt, new_id
from troth.vault.crypto import Place, new_secret, seal, unseal
from troth.vault.errors import MovedField, MovedPerson, MovedVersion, Tampered

_VALUE = b"a value of nobody"


def try_sealing() -> tuple[str, ...]:
    """Seal, open, alter and move a scratch value.

    Returns:
        What was found, one sentence each.

    Raises:
        Corrupt: Something opened that must not, or did not open as it should (clause IV.1).
    """
    key, marking = new_secret(), new_secret()
    place = Place(new_id(), "email", "0" * 64, 1)
    sealed = seal(key, marking, place, _VALUE)
    if unseal(key, marking, place, sealed) != _VALUE or _VALUE in sealed:
        raise _failed("a sealed value does not open as it was")
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    trials: tuple[tuple[str, type[Corrupt], Place, bytes], ...] = (
        ("an altered value", Tampered, place, altered),
        ("a value moved to another person", MovedPerson, place._replace(person=new_id()), sealed),
        ("a value moved to another field", MovedField, place._replace(field="phone"), sealed),
        ("a value moved to another version", MovedVersion, place._replace(policy="1" * 64), sealed),
    )
    for what, error, where, text in trials:
        _must_refuse(what, error, partial(unseal, key, marking, where, text))
    refused = ", ".join(what for what, *_ in trials)
    return ("AES-256-GCM seals and opens a scratch value", f"refused as they should be: {refused}")


def _must_refuse(what: str, error: type[Corrupt], opening: Callable[[], bytes]) -> None:
    try:
        opening()
    except error:
        return
    raise _failed(f"{what} opens")


def _failed(what: str) -> Corrupt:
    return Corrupt(
        f"Self-test of sealing: {what}.", clause="IV.1", mend="Stop the service and look at the installation."
    )
