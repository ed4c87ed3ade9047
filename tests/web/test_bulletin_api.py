"""Bulletins over HTTP: two members of staff, each behind a key of their own, and counts."""

from typing import Any

from tests.web.conftest import Web

DRAFT: dict[str, Any] = {
    "product": "example-sensor",
    "versions": "<5.2.1",
    "reason": "security-fault",
    "texts": {
        "en": {
            "subject": "Security fault in {product}",
            "body": "{greeting}\n\nInstall 5.2.1: {contact_link}",
        }
    },
}


def member(web: Web, name: str, role: str) -> list[str]:
    """Two keys of a member of staff."""
    who, _ = web.troth.roster.add(name=name, title=name, role=role)
    return [
        web.troth.issue_key(
            name=f"{name}-{one}", role=role, purposes=["*"], cases=["bulletin"], holder=who.staff
        )[0]
        for one in range(2)
    ]


def test_one_writes_another_approves(engine_web: Web) -> None:
    """Checked, written, approved by digest by a second member, revised (which voids it), approved again, started and followed."""
    web = engine_web
    (ann, again), (pia, _) = (
        member(web, "ann.example", "staff.product"),
        member(web, "pia.example", "staff.privacy"),
    )
    advert = {**DRAFT, "texts": {**DRAFT["texts"], "de": {"subject": "Lücke", "body": "Jetzt kaufen!"}}}
    found = web.post("/v1/bulletins/check", advert, ann).json()["found"]
    assert [(one["rule"], one["language"], one["line"]) for one in found] == [("order", "de", 1)]
    refused = web.post("/v1/bulletins", advert, ann)
    assert (refused.status_code, refused.json()["clause"]) == (422, "II.16")
    assert web.get("/v1/bulletins", ann).json() == {"bulletins": []}
    made = web.post("/v1/bulletins", DRAFT, ann)
    assert made.status_code == 201, made.text
    place = f"/v1/bulletins/{made.json()['bulletin']}"
    approve = {"step": "approve", "digest": made.json()["digest"]}
    for own in (ann, again):
        alone = web.post(f"{place}/steps", approve, own)
        assert (alone.status_code, alone.json()["clause"]) == (403, "II.16")
    assert web.post(f"{place}/steps", {"step": "start"}, ann).status_code == 409
    assert web.post(f"{place}/steps", {**approve, "digest": "0" * 64}, pia).status_code == 409
    assert web.post(f"{place}/steps", approve, pia).json()["state"] == "approved"
    texts = {"texts": {"en": {"subject": "Fault", "body": "Install 5.2.2."}}}
    revised = web.client.put(f"{place}/texts", json=texts, headers=web.signed(ann)).json()
    assert (revised["state"], revised["approved"]) == ("draft", "")
    shown = web.get(place, pia).json()
    assert (shown["texts"]["en"]["body"], shown["digest"]) == ("Install 5.2.2.\n", revised["digest"])
    assert web.post(f"{place}/steps", {"step": "approve", "digest": shown["digest"]}, pia).status_code == 200
    assert web.post(f"{place}/steps", {"step": "start"}, pia).status_code == 403
    assert web.post(f"{place}/steps", {"step": "start"}, ann).json()["state"] == "running"
    told = web.get(f"{place}/status", ann).json()
    assert (told["owners"], told["open"], told["bounced"]) == (0, 0, 0)
    assert web.post(f"{place}/steps", {"step": "stop"}, ann).json()["state"] == "stopped"


def test_no_key_without_a_member_and_no_other_role(web: Web) -> None:
    """A key behind which nobody stands writes and approves nothing, whatever its role; support sees none."""
    (ann, _), (sue, _) = (
        member(web, "ann.example", "staff.product"),
        member(web, "sue.example", "staff.support"),
    )
    made = web.post("/v1/bulletins", DRAFT, ann).json()
    place, before = f"/v1/bulletins/{made['bulletin']}", web.rows()
    nobody = web.troth.issue_key(name="n", role="staff.product", purposes=["*"], cases=["bulletin"])[0]
    approve = {"step": "approve", "digest": made["digest"]}
    for path, body in (
        ("/v1/bulletins", DRAFT),
        (f"{place}/steps", approve),
        (f"{place}/steps", {"step": "stop"}),
    ):
        refused = web.post(path, body, nobody)
        assert (refused.status_code, "--member" in refused.json()["mend"]) == (403, True), path
        assert web.post(path, body, sue).status_code == 403, path
    for path in ("/v1/bulletins", place, f"{place}/status"):
        assert web.get(path, sue).status_code == 403, path
        assert web.get(path).status_code == 401, path
    assert web.post("/v1/bulletins/check", DRAFT, sue).status_code == 403
    assert dict(web.rows())["bulletin"] == dict(before)["bulletin"]
