"""A folder instead of a mail server: one `.eml` file for each mail, readable only by its owner.

For trying out, and for a company that fetches the files by its own means. The mails lie in clear, as they would at a mail
provider; they are removed after some days, and with the person they went to.
"""

import os
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from troth.adapters.mail.forming import Sign, made_ready, unsigned, wire_form
from troth.kernel import Unavailable
from troth.outreach import Formed, Mail

_OWNER_ONLY = 0o600
_FOLDER_MODE = 0o700
_ENDING = ".eml"


class FolderMailer:
    """Puts each mail into a file; a repeat of the same job overwrites it with the same Message-ID.

    Args:
        folder: Where; made when missing.
        sign: Gives a mail with its signatures.
    """

    def __init__(self, folder: Path, sign: Sign = unsigned) -> None:
        self._folder, self._sign = folder, sign

    def ready(self, mail: Mail) -> Mail:
        """See `OpenMailer.ready`."""
        return made_ready(mail, self._sign)

    def send(self, mail: Mail) -> None:
        """See `Mailer.send`; the file is there whole, on disk, or not at all.

        Raises:
            Unavailable: The file cannot be written.
        """
        place = self._folder / f"{mail.person}.{mail.id}{_ENDING}"
        beside = place.with_suffix(".new")
        content = wire_form(mail.message, self._sign)
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            dated = _dated(mail.message).timestamp()
            os.utime(beside, (dated, dated))  # purging goes by the mail's own date
            beside.replace(place)
        except OSError as error:
            raise Unavailable(
                f"The mail folder {self._folder} cannot be written ({error.strerror}).",
                mend="Make room, or check its mode.",
            ) from error

    def close(self) -> None:
        """See `OpenMailer.close`; there is nothing to close."""

    def forget(self, person: str) -> None:
        """Remove every mail that went to a person."""
        for file in self._folder.glob(f"{person}.*"):
            file.unlink(missing_ok=True)

    def purge(self, before: datetime) -> int:
        """Remove mails dated before an instant; gives their number."""
        gone = 0
        for file in self._folder.glob(f"*{_ENDING}"):
            if file.stat().st_mtime < before.timestamp():
                file.unlink(missing_ok=True)
                gone += 1
        return gone


def _dated(message: EmailMessage | Formed) -> datetime:
    if isinstance(message, Formed):
        return message.date
    dated: datetime = message["Date"].datetime
    return dated
