"""A request reaches what was promised before it: a mail that waits is weighed when it would go out."""

from pathlib import Path
from typing import Any

from troth.bootstrap import Troth, init_folder, open_troth
from troth.gate import Ask
from troth.kernel import SettableClock

RIGHTS, MAIL = "essential.service.rights_request", "essential.service.notifications.email"
REGISTER = "essential.service.product_registration"
EMAIL = "ann@example.com"


def done(troth: Troth, key: str, act: str, purpose: str, **more: Any) -> str:
    """Perform an act; gives the case concerned."""
    (outcome,) = troth.perform([Ask(act=act, purpose=purpose, key=key, **more)])
    assert outcome.permitted, outcome
    return outcome.case


def waiting(troth: Troth) -> str:
    """A message about a request that was promised and waits to be sent; gives the key of the privacy desk."""
    key, _ = troth.issue_key(name="import", role="service.import", purposes=[REGISTER])
    values = {"email": EMAIL, "product": "sensor"}
    done(troth, key, "collect", REGISTER, point="import", channel="import", values=values)
    desk, _ = troth.issue_key(name="desk", role="staff.privacy", purposes=[RIGHTS], cases=["request"])
    mailer, _ = troth.issue_key(name="mailer", role="service.mailer", purposes=[MAIL])
    who = {"email": EMAIL}
    case = done(troth, desk, "instruct", RIGHTS, order="open-case", case_type="request", identify=who)
    mail = {"fields": ("email",), "recipient": "email-provider", "channel": "email", "message": "case-news"}
    done(troth, mailer, "send", MAIL, case=case, identify=who, **mail)
    return desk


def test_a_mail_that_waits_is_not_sent_once_its_use_is_set_aside(
    tmp_path: Path, clock: SettableClock
) -> None:
    """Promised before the request, refused after it; without the request the same mail goes out."""
    for stops, sent in ((True, 0), (False, 1)):
        folder = tmp_path / str(stops)
        init_folder(folder, clock=clock)
        with open_troth(folder, clock=clock, sequencer=False) as troth:
            desk = waiting(troth)
            if stops:
                order = {"order": "open-case", "case_type": "request", "kind": "restrict", "about": MAIL}
                case = done(troth, desk, "instruct", RIGHTS, identify={"email": EMAIL}, **order)
                troth.answering.carry_out(case)
                assert troth.rights.matter(case).matter.state == "completed"
            troth.background.run_due()
        assert len(list((folder / "mail").glob("*.eml"))) == sent
