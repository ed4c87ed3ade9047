"""A law's longer time, from the console to the person: the form, the mail with the reason, the page that says which clock moved."""

from datetime import timedelta
from email import message_from_bytes, policy

from tests.web.conftest import Web
from tests.web.forum import Author
from tests.web.staff import Desk
from tests.web.test_portal import answered, asked

WHY = "many systems have to be searched"


def test_longer_time_is_told(web: Web) -> None:
    """Staff take it with a reason; the person reads both days and the reason by mail and on the page; our day stays."""
    ann, desk = Author(web), Desk(web)
    desk.sign_in()
    path = asked(ann, "other")
    number = path.rpartition("/")[2]
    page = desk.get(f"/console/matters/{number}").text
    assert "gdpr-answer" in page
    assert "Take a law" in page
    due = web.troth.rights.matter(number).matter.due_at
    answer = desk.post(f"/console/matters/{number}/steps", step="extend", to="gdpr-answer", reason=WHY)
    assert answer.status_code == 303
    assert "taken longer" in desk.get(f"/console/matters/{number}").text
    web.clock.advance(timedelta(minutes=1))
    answered(web)
    folder = web.troth.folder / "mail"
    mails = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in folder.glob("*.eml")]
    (notice,) = (one for one in mails if str(one["Subject"]) == f"We need more time for {number}")
    body = notice.get_body(("plain",))
    assert body is not None
    assert WHY in body.get_content()
    shown = ann.get(path).text
    assert WHY in shown
    assert "Our own promise has not moved" in shown
    assert web.troth.rights.matter(number).matter.due_at == due
