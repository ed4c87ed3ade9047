"""Links that mails carry: each is made at the moment of sending, so that no job and no copy of the database holds one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from troth.bootstrap.speaking import told_in, words_in
from troth.gate import CONFIRM, SIGN_IN, Ask, mailbox_of, mailbox_owner, waiting_submission
from troth.kernel import NotFound, micros
from troth.preferences import CENTRE, LIFE
from troth.storage import JobOver

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

AUTHENTICATION = "essential.service.authentication"
_INSTEAD = {
    "account": "account-exists",
    "sign-in": "sign-in-link",
    "address": "address-in-use",
    "preferences": "preferences-link",
}
"""What the mailbox of somebody known is sent instead of a confirmation, by the point's part in accounts; of preferences: anybody's."""


WHAT = {
    "email": "{what}, by e-mail",
    "phone": "{what}, by telephone",
    "letter": "{what}, by letter",
}


class MailedLinks:
    """Makes the links of mails about a submission that waits.

    Args:
        troth: The running parts.
    """

    def __init__(self, troth: "Troth") -> None:
        self._troth = troth

    def instead_of_confirmation(self, submission: str, handles: Mapping[str, str]) -> str:
        """The template for a submission's mailbox: only here it shows whether its address is known (clause I.4).

        Raises:
            JobOver: The submission is over, or nobody is to be signed in.
        """
        point = self._troth.policy().points.get(handles.get("point", ""))
        part = point.part if point is not None else None
        if part not in _INSTEAD:
            return "confirm-submission"
        if part == "preferences" or self._owner(submission):
            return _INSTEAD[part]
        if part == "sign-in":
            raise JobOver("nobody")
        return "confirm-submission"

    def confirmation(self, submission: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        """The variables of a mail that asks to confirm.

        Raises:
            JobOver: The submission is over.
        """
        try:
            with self._troth.database.snapshot() as tx:
                waiting = waiting_submission(tx, submission, micros(self._troth.clock.now()))
        except NotFound:
            raise JobOver("too-late") from None
        point = self._troth.policy().points.get(handles.get("point", ""))
        return {
            "what": point.title if point is not None else waiting.point,
            "ends": told_in(words_in(self._troth, handles.get("language", "")), micros(waiting.ends)),
            "link": self.link("confirm", submission, CONFIRM),
        }

    def sign_in(self, submission: str, handles: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002  the shape
        """The variables of a mail that signs in whoever has the submission's mailbox.

        Raises:
            JobOver: Nobody has it any more.
        """
        owner = self._owner(submission)
        if not owner:
            raise JobOver("nobody")
        return {"link": self.link("account/link", owner, SIGN_IN)}

    def preferences(self, submission: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        """The variables of a mail with a link to the preferences of whoever has the submission's mailbox, known or not.

        Raises:
            JobOver: The submission is over.
        """
        owner, troth = self._owner(submission), self._troth
        with troth.database.snapshot() as tx:
            hashed = mailbox_of(tx, submission, micros(troth.clock.now()))
        token = troth.stop_tokens.issue(owner, "", "", "", "", hashed, CENTRE)
        ends = micros(troth.clock.now() + LIFE[CENTRE])
        base = troth.settings.web.public_url.rstrip("/")
        return {
            "link": f"{base}/preferences/{token}",
            "ends": told_in(words_in(troth, handles.get("language", "")), ends),
        }

    def stopped(self, person: str, handles: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002  the shape
        """The variables of a mail that confirms a stop: what is stopped, how everything is, and where one changes one's mind."""
        troth, words = self._troth, words_in(self._troth, handles.get("language", ""))
        topic, contact = troth.policy().topics.get(handles.get("topic", "")), troth.policy().front.contact
        by = WHAT.get(handles.get("channel", ""), "{what}")
        what = (topic.title or topic.name) if topic is not None else words("all announcements")
        whole = topic is None and by == "{what}"
        return {
            "link": f"{troth.settings.web.public_url.rstrip('/')}/preferences",
            "what": what if by == "{what}" else words(by, what=what),
            "all": ""
            if whole
            else words(
                "You want no announcements at all? Write to {address} with the subject “{subject}”, or press “Stop everything” on the page below.",
                address=contact.privacy,
                subject=contact.optout_subject,
            ),
        }

    def _owner(self, submission: str) -> str:
        try:
            with self._troth.database.snapshot() as tx:
                return mailbox_owner(tx, self._troth.vault, submission, micros(self._troth.clock.now()))
        except NotFound:
            raise JobOver("too-late") from None

    def link(self, path: str, person: str, use: str) -> str:
        """A link with a secret that proves a person's mailbox for one use.

        Raises:
            JobOver: The policy permits no such link, or there is no such person.
        """
        from troth.bootstrap.mailing import mail_key

        ask = Ask(
            act="instruct",
            purpose=AUTHENTICATION,
            key=mail_key(self._troth),
            order="issue-proof",
            kind=use,
            person=person,
        )
        (outcome,) = self._troth.perform([ask])
        if not outcome.permitted:
            raise JobOver(outcome.problem.code if outcome.problem is not None else "refused")
        base = self._troth.settings.web.public_url.rstrip("/")
        return f"{base}/{path}/{outcome.values['proof']}"
