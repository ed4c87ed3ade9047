"""Mail to an alias: from the one person who may use it to the one whom it reaches. Nobody is ever answered."""

from troth.inbound import Received
from troth.kernel import InvalidInput, Log, NotFound, Refused, micros
from troth.relay.aliases import alias_named
from troth.relay.encoded import REMOVED
from troth.relay.errors import TooMany
from troth.relay.model import Alias, Sent
from troth.relay.passing import Handled, Passing
from troth.relay.scrubbing import scrubbed

_log = Log("troth.relay")
_CUT = "\n[the rest was left out]"
_LEFT_OUT = "[attached files were left out]"


class Answers:
    """The handler of mail to aliases.

    Args:
        passing: Takes messages in.
    """

    def __init__(self, passing: Passing) -> None:
        self._passing = passing

    def __call__(self, received: Received) -> None:
        """Pass a mail on, or drop it: whoever sent it learns nothing.

        Raises:
            Unavailable: Not now; it is to be tried again.
        """
        with self._passing.database.snapshot() as tx:
            alias = alias_named(tx, received.recipient.partition("@")[0], micros(self._passing.clock.now()))
        why = "unknown-alias" if alias is None else self._dropped_unseen(received)
        if alias is not None and not why:
            why = self._pass(alias, received)
        if why:
            _log.info("relay_dropped", mail=received.mail_id, reason=why)

    def _dropped_unseen(self, received: Received) -> str:
        mail = received.mail
        # Who answers by itself gives no address for failures (RFC 3834, section 3.3), whatever its From says.
        if mail.bounce is not None or not received.sender:
            return "bounce"
        return "loop" if mail.looping else mail.automatic and "automatic"

    def _pass(self, alias: Alias, received: Received) -> str:
        mail, passing = received.mail, self._passing
        try:
            theirs, ours = passing.addresses(alias.other, alias.holder)
            if mail.sender.lower() != theirs.lower():
                return "another-sender"
            passing.check_rate(alias.other)
            most = passing.relay().most - len(_LEFT_OUT) - len(REMOVED)
            known = (theirs, ours, mail.sender, mail.reply_to, received.sender, *mail.to)
            text = scrubbed(mail.text, known)  # before it is cut, so that no cut leaves half an address
            text = text if len(text) <= most else f"{text[: most - len(_CUT)]}{_CUT}"
            if mail.attachments:
                text = f"{_LEFT_OUT}\n\n{text}"
            sent = passing.scrub(Sent(alias.other, alias.holder, mail.subject, text), known)
            passing.take(sent, "email", received.settle)
        except Handled:
            return "handled-before"
        except TooMany:
            return "too-many"
        except (InvalidInput, NotFound, Refused) as error:
            return error.code
        return ""
