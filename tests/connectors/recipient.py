"""A recipient of signed messages, as a process of its own: it believes what the published verifier believes.

`python -m tests.connectors.recipient FOLDER`: reads `port`, and at each message `secret` and `answer` (JSON: status, headers, body,
sleep) from the folder; writes a line of JSON for each message into `log`.
"""

import json
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event

from standardwebhooks import Webhook, WebhookVerificationError

FOLDER = Path(sys.argv[1]) if __name__ == "__main__" else Path()


class Recipient(BaseHTTPRequestHandler):
    """Verifies, notes, answers."""

    def do_POST(self) -> None:
        """One message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        library = Webhook((FOLDER / "secret").read_text().strip())
        stamp = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        verified = headers["webhook-signature"] == library.sign(headers["webhook-id"], stamp, body.decode())
        try:
            library.verify(body, headers)
            fresh = True
        except WebhookVerificationError:
            fresh = False  # signed rightly, but by a clock that a test has set
        line = {
            "path": self.path,
            "verified": verified,
            "fresh": fresh,
            "headers": headers,
            "body": json.loads(body),
        }
        with (FOLDER / "log").open("a") as log:
            log.write(json.dumps(line) + "\n")
        told = json.loads((FOLDER / "answer").read_text())
        Event().wait(told.get("sleep", 0))
        answer = json.dumps(told["body"]).encode() if told.get("body") is not None else b""
        self.send_response(told.get("status", 200) if verified else 401)
        for name, value in told.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int((FOLDER / "port").read_text())), Recipient)
    (FOLDER / "ready").touch()
    server.serve_forever()
