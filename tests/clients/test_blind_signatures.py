"""The sender's blind signatures and an independent implementation understand each other (npm @cloudflare/blindrsa-ts)."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.clients.test_node import node
from tests.telemetry.door import packed, unpacked
from troth.telemetry import BlindError, PublicKey, blind, finalize, prepare, verify

_SCRIPT = """
(async () => {
  const { RSABSSA } = await import("@cloudflare/blindrsa-ts");
  const given = GIVEN;
  const suite = RSABSSA.SHA384.PSS.Randomized();
  const kind = { name: "RSA-PSS", hash: "SHA-384" };
  const { kty, n, e } = given.key;
  const publicKey = await crypto.subtle.importKey("jwk", { kty, n, e, ext: true }, kind, true, ["verify"]);
  const privateKey = await crypto.subtle.importKey("jwk", given.key, kind, true, ["sign"]);
  const octets = (text) => new Uint8Array(Buffer.from(text, "base64url"));
  const text = (bytes) => Buffer.from(bytes).toString("base64url");
  const told = {};
  if (given.blinded) told.signed = text(await suite.blindSign(privateKey, octets(given.blinded)));
  if (given.signature) told.valid = await suite.verify(publicKey, octets(given.signature), octets(given.prepared));
  const prepared = suite.prepare(new TextEncoder().encode("made elsewhere"));
  const { blindedMsg, inv } = await suite.blind(publicKey, prepared);
  const signature = await suite.finalize(publicKey, prepared, await suite.blindSign(privateKey, blindedMsg), inv);
  console.log(JSON.stringify({ ...told, prepared: text(prepared), signature: text(signature) }));
})();
"""


def number(value: int, length: int = 0) -> str:
    """A number as JSON Web Keys have it."""
    return packed(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


@pytest.mark.slow
def test_both_ways(packages: Path) -> None:
    """The other signs what ours blinds, and finds ours good; ours finds its own good, and not under another message."""
    private = rsa.generate_private_key(65537, 2048).private_numbers()
    public = private.public_numbers
    parts = {
        "d": private.d,
        "p": private.p,
        "q": private.q,
        "dp": private.dmp1,
        "dq": private.dmq1,
        "qi": private.iqmp,
    }
    key = {
        "kty": "RSA",
        "ext": True,
        "n": number(public.n),
        "e": number(public.e),
        **{name: number(one) for name, one in parts.items()},
    }

    def other(**given: str) -> dict[str, Any]:
        told: Any = node(packages, _SCRIPT.replace("GIVEN", json.dumps({"key": key, **given})))
        assert isinstance(told, dict)
        return told

    ours = PublicKey(public.n, public.e)
    prepared = prepare(b"made here")
    blinded = blind(ours, prepared)
    told = other(blinded=packed(blinded.message))
    signature = finalize(ours, prepared, unpacked(told["signed"]), blinded.inverse)
    verify(ours, unpacked(told["prepared"]), unpacked(told["signature"]))
    with pytest.raises(BlindError):
        verify(ours, unpacked(told["prepared"]) + b".", unpacked(told["signature"]))
    assert other(signature=packed(signature), prepared=packed(prepared))["valid"] is True
    assert other(signature=packed(signature), prepared=packed(prepared + b"."))["valid"] is False
