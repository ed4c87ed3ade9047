"""Bulletins at the console: what advertises is shown place by place, and nobody approves what they wrote."""

import re
from typing import Any

from tests.web.conftest import Web
from tests.web.staff import Desk

FORM: dict[str, Any] = {
    "about": "example-sensor security-fault",
    "versions": "<5.2.1",
    "subject_en": "Security fault in {product}",
    "body_en": "{greeting}\n\nInstall 5.2.1: {contact_link}\n",
}


def seated(web: Web, name: str, role: str) -> Desk:
    """Somebody who is signed in."""
    desk = Desk(web, name, role)
    desk.sign_in()
    return desk


def test_one_writes_another_approves(web: Web) -> None:
    """From the form, whose faults name rule and place, to the approval by a second member and the start."""
    ann, pia = seated(web, "ann.example", "staff.product"), seated(web, "pia.example", "staff.privacy")
    other = seated(web, "sue.example", "staff.support")
    assert 'href="/console/bulletins"' not in other.get("/console/me").text
    assert other.get("/console/bulletins").status_code == 403
    refused = ann.post("/console/bulletins", **{**FORM, "body_de": "Jetzt kaufen!", "subject_de": "Lücke"})
    assert refused.status_code == 422
    assert "<strong>order</strong>, body (de), line 1, column 1" in refused.text
    assert "Install 5.2.1" in refused.text
    wrong = ann.post("/console/bulletins", **{**FORM, "versions": "soon"})
    assert wrong.status_code == 422
    assert 'aria-describedby="versions-hint fault" aria-invalid="true"' in wrong.text
    made = ann.post("/console/bulletins", **FORM)
    assert made.status_code == 303, made.text
    place = made.headers["location"]
    own = ann.get(place).text
    assert "somebody else approves it" in own
    assert "Hello,\n\nInstall 5.2.1: https://www.example.com/contact" in own
    digest = re.search(r'<code class="hash">([0-9a-f]{64})', own)
    assert digest
    step = f"{place}/steps"
    assert ann.post(step, step="approve", digest=digest[1]).status_code == 403
    assert ann.post(step, step="start").status_code == 409
    assert pia.post(step, step="approve", digest="0" * 64).status_code == 409
    assert "Give all 64 digits" in pia.post(step, step="approve", digest=digest[1][:12]).text
    assert pia.post(step, step="start").status_code == 403
    assert pia.post(step, step="approve", digest=digest[1]).status_code == 303
    assert "pia.example (staff)" in ann.get(place).text
    changed = ann.post(f"{place}/texts", subject_en="Fault", body_en="Install 5.2.2.")
    assert changed.status_code == 303
    assert "nobody yet" in ann.get(place).text
    again = re.search(r'name="digest" value="([0-9a-f]{64})', pia.get(place).text)
    assert again
    assert pia.post(step, step="approve", digest=again[1]).status_code == 303
    assert ann.post(step, step="start").status_code == 303
    assert "under way" in ann.get("/console/bulletins").text
    assert ann.post(step, step="stop").status_code == 422
    assert "under way" in ann.get(place).text
    assert ann.post(step, step="stop", sure="yes").status_code == 303
    assert "Not told, for it was stopped" in ann.get(place).text
