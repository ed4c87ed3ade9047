"""A mail server on this machine that answers as it is told, and hangs up when it is told."""

import socket
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Thread

HANG_UP = ""
_USUAL = {"EHLO": "", "DATA": "354 go on", ".": "250 taken", "QUIT": "221 bye"}


class Scripted:
    """Keeps what it hears.

    Args:
        extensions: What it says it offers.
        sessions: For each connection in turn the answers to commands, by their verbs and `.` for a mail's end, in the order
            in which they come; the usual ones when they run out. A later connection than these gets the usual ones.
    """

    def __init__(self, *sessions: Mapping[str, Sequence[str]], extensions: Sequence[str] = ()) -> None:
        self._sessions = deque(sessions)
        self._extensions = extensions
        self.heard: list[list[str]] = []
        """The commands of each connection."""
        self.mails: list[bytes] = []

    def serve(self, listener: socket.socket) -> None:
        """Take connections, one at a time, until the listener is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        answers = {
            verb: deque(given) for verb, given in (self._sessions.popleft() if self._sessions else {}).items()
        }
        commands: list[str] = []
        self.heard.append(commands)
        lines = connection.makefile("rb")
        if not _say(connection, answers.get("HELLO", deque(["220 scripted"])).popleft()):
            return
        while line := lines.readline():
            command = line.decode().rstrip("\r\n")
            commands.append(command)
            verb = command[:4].upper()
            answer = self._answer(verb, answers)
            if not _say(connection, answer) or verb == "QUIT" or answer.startswith("421"):
                return
            if answer.startswith("354"):
                text = b""
                while (line := lines.readline()) not in (b".\r\n", b""):
                    text += line
                answer = self._answer(".", answers)
                if answer.startswith("250") and text:
                    self.mails.append(text)
                if not _say(connection, answer):
                    return

    def _answer(self, verb: str, answers: Mapping[str, deque[str]]) -> str:
        if answers.get(verb):
            return answers[verb].popleft()
        if verb == "EHLO":
            names = ["scripted", *self._extensions]
            return "\r\n".join(
                f"250{'-' if place < len(names) else ' '}{one}" for place, one in enumerate(names, 1)
            )
        return _USUAL.get(verb, "250 fine")


def _say(connection: socket.socket, answer: str) -> bool:
    if answer == HANG_UP:
        return False
    connection.sendall(f"{answer}\r\n".encode())
    return True


@contextmanager
def speaking(script: Scripted) -> Iterator[int]:
    """Let it serve; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=script.serve, args=[listener], daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(60)
    assert not thread.is_alive()
