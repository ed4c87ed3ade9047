"""Sending what is due, switching on and off, and looking at what goes out and went out."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from troth.telemetry.chance import Below, below
from troth.telemetry.folder import Busy, Folder
from troth.telemetry.passes import RECEIPT, TOKENS, NoToken, Passes, Refusal
from troth.telemetry.schema import Schema, TelemetryError
from troth.telemetry.standing import CHOICE, OFF, ON, Standing, read_standing
from troth.telemetry.sums import NAME, compose
from troth.telemetry.weeks import LATE, end_of, local_now, week_of, weeks_between
from troth.telemetry.wire import Answer, Unreachable, call, check_address

STATE = "upload.json"
SENT, WAITING, REFUSED = "sent", "waiting", "refused"
_NO_FURTHER = "There is no further token this week; the report waits for the next."
SPREAD_SECONDS = 24 * 3600
_TOKEN_SECONDS = 4 * 24 * 3600
_FIRST_PAUSE, _LONGEST_PAUSE, _NO_TOKEN_PAUSE = 900, 24 * 3600, 6 * 3600
_FEW = 12
NOT_OPTED_IN, TOKEN_CLOSED, TOKEN_SPENT = "not-opted-in", "token-closed", "token-spent"
_ACCEPTED, _FORBIDDEN, _CONFLICT, _UNPROCESSABLE = 202, 403, 409, 422


class Sending(NamedTuple):
    """What came of a look at what is due.

    Args:
        sent: Weeks whose report was taken.
        said: What there is to say about the rest; empty for nothing.
    """

    sent: tuple[str, ...]
    said: str = ""


class Status(NamedTuple):
    """How telemetry stands on this machine.

    Args:
        standing: Whether it is on, who said so, and where it goes.
        weeks: Weeks with sums that were not sent, oldest first.
        sent: Weeks whose report was sent; a copy of each stands in the folder `sent`.
        said: What the last attempt said.
        refused: How often the product recorded what is not declared or out of bounds, by metric, in the current week.
        keys: Ids of the door's keys that tokens were fetched under.
        handle: Name by which the door's operator knows this installation; it stands in no report.
    """

    standing: Standing
    weeks: tuple[str, ...]
    sent: tuple[str, ...]
    said: str
    refused: Mapping[str, int]
    keys: tuple[str, ...]
    handle: str


class Sender:
    """Sends the reports of one installation.

    Args:
        schema: What may be in them.
        folder: The recorder's.
        product: Declared product.
        release: Its version.
        endpoint: Base address of the receiving door.
        clock: Tells the local time.
        source: Draws whole numbers by chance.
        environ: The process's variables, unless others are given.
        spread: Seconds over which installations spread their uploads.
    """

    def __init__(
        self,
        schema: Schema,
        folder: str | os.PathLike[str],
        *,
        product: str,
        release: str,
        endpoint: str,
        clock: Callable[[], datetime] = local_now,
        source: Below = below,
        environ: Mapping[str, str] | None = None,
        spread: int = SPREAD_SECONDS,
    ) -> None:
        self._schema, self._folder, self._clock = schema, Folder(folder), clock
        self._product, self._release, self._endpoint = product, release, endpoint
        self._below = source
        self._environ, self._spread = environ, spread

    def standing(self) -> Standing:
        """Whether telemetry is on, and where it goes."""
        return read_standing(self._folder, self._endpoint, self._environ)

    def status(self) -> Status:
        """How telemetry stands."""
        stored, standing = self._folder.read(NAME), self.standing()
        now = stored.get("weeks", {}).get(week_of(self._clock()), {})
        said = str(self._folder.read(STATE).get("said", ""))
        sent = tuple(name.removesuffix(".json") for name in self._folder.names(SENT))
        passes = self._passes(standing)
        return Status(
            standing,
            tuple(sorted(stored.get("weeks", {}))),
            sent,
            said,
            now.get("refused", {}),
            tuple(passes.keys_seen()),
            passes.handle(),
        )

    def opt_in(self) -> str:
        """Switch on, and tell the door; gives what there is to say where the door could not be told yet.

        Raises:
            TelemetryError: The address may not be called, or the door refuses this product or release.
            OSError: The folder cannot be written.
        """
        self._schema.check_sender(self._product, self._release)
        check_address(self.standing().base)
        with self._folder.locked("upload.lock"):
            self._folder.write(CHOICE, {"telemetry": ON, "endpoint": self.standing().endpoint})
            self._folder.remove(STATE)
            standing = self.standing()
            if not standing.on:
                return f"It stays off: {standing.why} says so."
            try:
                self._passes(standing).fetch_receipt(self._product, self._release)
            except Unreachable as error:
                return f"{error} The door is told with the first upload."
            except Refusal:
                self._switch_off("the receiving door refused this product or release")
                raise
        return ""

    def opt_out(self) -> str:
        """Switch off at once, remove what was recorded, and tell the door; gives what to say where it could not be told.

        Raises:
            OSError: The folder cannot be written.
        """
        standing = self.standing()
        with self._folder.locked("upload.lock"):
            self._switch_off("the choice on this machine", endpoint=standing.endpoint)
            try:
                self._passes(standing).hand_back()
            except TelemetryError as error:
                return f"{error} Nothing is recorded or sent any more; run opt-out again so that the receipt ends there, too."
        return ""

    def preview(self) -> bytes | None:
        """The bytes of the next upload; None while telemetry is off."""
        if not self.standing().on:
            return None
        stored = self._folder.read(NAME)
        due = self._closed(stored)
        return self._report(stored, due[0] if due else week_of(self._clock()))

    def sent(self, week: str) -> bytes | None:
        """The copy of a week's upload; None where there was none."""
        return self._folder.read_bytes(f"{SENT}/{week}.json")

    def send_due(self, *, at_once: bool = False) -> Sending:
        """Send the weeks that are due, oldest first. Whatever happens, nothing is raised, and it ends in bounded time.

        Args:
            at_once: Do not wait for the random delay, nor after a failure.
        """
        try:
            standing = self.standing()
            if not standing.on:
                return Sending((), f"Telemetry is off: {standing.why}.")
            with self._folder.locked("upload.lock", patience=0):
                return self._send(standing, at_once=at_once)
        except Busy:
            return Sending((), "Another process of this installation sends.")
        except (TelemetryError, OSError) as error:
            return Sending((), f"Nothing was sent ({error}).")

    def _send(self, standing: Standing, *, at_once: bool) -> Sending:
        state, stored = self._folder.read(STATE), self._folder.read(NAME)
        now = self._clock()
        if not at_once and now.timestamp() < float(state.get("not_before", 0)):
            return Sending((), str(state.get("said", "")))
        sent: list[str] = []
        try:
            passes = self._passes(standing)
            self._prepare(passes, state, stored, now)
            for week in self._closed(stored):
                if not at_once and now.replace(tzinfo=None) < end_of(week) + self._delay(state, week):
                    break
                self._send_week(standing, passes, stored, week)
                sent.append(week)
        except NoToken as error:
            return self._noted(state, sent, str(error), pause=_NO_TOKEN_PAUSE)
        except Refusal as error:
            return self._noted(state, sent, self._refused(error.answer), failed=error.answer)
        except Unreachable as error:
            return self._noted(state, sent, str(error), failed=Answer(0, b""))
        return self._noted(state, sent, "")

    def _prepare(self, passes: Passes, state: dict[str, Any], stored: dict[str, Any], now: datetime) -> None:
        """Have a receipt, and at a chance moment of the week, which tells nothing of the upload's, a token."""
        for week in [one for one in stored.get("weeks", {}) if weeks_between(one, week_of(now)) > LATE]:
            self._forget(stored, week)
        if not passes.receipt():
            passes.fetch_receipt(self._product, self._release)
        drawn = state.setdefault("token", {})
        if drawn.get("week") != week_of(now):
            first = not drawn
            drawn |= {
                "week": week_of(now),
                "at": now.timestamp() + (0 if first else self._below(_TOKEN_SECONDS)),
            }
            self._folder.write(STATE, state)
        wanted = bool(self._closed(stored)) and not passes.tokens()
        if wanted or (now.timestamp() >= drawn["at"] and not drawn.get("done")):
            fetched = passes.fetch_token(self._release)
            drawn["done"] = True
            self._folder.write(STATE, state)
            if wanted and not fetched:
                raise NoToken(_NO_FURTHER)

    def _send_week(self, standing: Standing, passes: Passes, stored: dict[str, Any], week: str) -> None:
        """Send one report, under the oldest token that the door takes.

        Raises:
            NoToken: There is none.
            Refusal: The door refuses the report, or the receipt.
            Unreachable: It does not answer; the same bytes go out again under the same token.
        """
        body = self._frozen(stored, week)
        for token in passes.tokens():
            tried = passes.claim(token, week)
            answer = call(f"{standing.base}/telemetry/reports", body=body, authorization=f"Token {token}")
            again = tried and answer.code == TOKEN_SPENT  # the door took it before, and its answer was lost
            if answer.status == _ACCEPTED or again:
                self._folder.write_bytes(f"{SENT}/{week}.json", body)
                self._forget(stored, week)
                passes.drop(token)
                return
            if answer.status != _FORBIDDEN or answer.code not in {TOKEN_CLOSED, TOKEN_SPENT, NOT_OPTED_IN}:
                self._put_aside(stored, week, body, answer)
                raise Refusal(answer)
            passes.drop(token)
        if not passes.fetch_token(self._release):
            raise NoToken(_NO_FURTHER)
        self._send_week(standing, passes, stored, week)

    def _put_aside(self, stored: dict[str, Any], week: str, body: bytes, answer: Answer) -> None:
        """What the door does not take is not sent again: refused for good, or made anew by another schema."""
        if answer.status == _UNPROCESSABLE:
            self._folder.write_bytes(f"{REFUSED}/{week}.json", body)
            self._forget(stored, week)
        elif answer.status == _CONFLICT:
            self._folder.remove(f"{WAITING}/{week}.json")

    def _refused(self, answer: Answer) -> str:
        if answer.status == _FORBIDDEN and answer.code == NOT_OPTED_IN:
            self._folder.remove(RECEIPT, TOKENS)
            self._switch_off("the receiving door says that this installation is not opted in, or was revoked")
            return f"The door refused the receipt: {answer.what} Telemetry is off now; opt in again to go on."
        if answer.status == _CONFLICT:
            return f"The door has another schema: {answer.what} The report is kept; it goes out when the product has the new one."
        if answer.status == _UNPROCESSABLE:
            return f"The door refused a report, which is not sent again: {answer.what} It stands in the folder `refused`."
        return f"The door did not take it: {answer.what}"

    def _noted(
        self,
        state: dict[str, Any],
        sent: list[str],
        said: str,
        *,
        failed: Answer | None = None,
        pause: int = 0,
    ) -> Sending:
        """Keep what was said, and after a failure for how long the door is left alone."""
        if not self.standing().on:
            return Sending(tuple(sent), said)
        failures = int(state.get("failures", 0)) + 1 if failed is not None else 0
        if failed is not None:
            most = min(_FIRST_PAUSE * 2 ** min(failures, 10), _LONGEST_PAUSE)
            pause = max(most // 2 + self._below(most // 2), min(failed.retry_after, _LONGEST_PAUSE))
        not_before = self._clock().timestamp() + pause if pause else 0
        changed = state | {"said": said, "failures": failures, "not_before": not_before}
        if changed != self._folder.read(STATE):
            self._folder.write(STATE, changed)
        return Sending(tuple(sent), said)

    def _delay(self, state: dict[str, Any], week: str) -> timedelta:
        """The week's delay, drawn once."""
        delays = state.setdefault("delays", {})
        if week not in delays:
            delays[week] = self._below(self._spread)
            state["delays"] = dict(sorted(delays.items())[-_FEW:])
            self._folder.write(STATE, state)
        return timedelta(seconds=int(delays[week]))

    def _closed(self, stored: Mapping[str, Any]) -> list[str]:
        """Weeks that are over and not sent, oldest first."""
        now = week_of(self._clock())
        return sorted(week for week in stored.get("weeks", {}) if 0 < weeks_between(week, now) <= LATE)

    def _report(self, stored: Mapping[str, Any], week: str) -> bytes:
        """The bytes of a week's report: as they went out before, where no answer came, else as they would now."""
        waiting = self._folder.read_bytes(f"{WAITING}/{week}.json")
        if waiting is not None:
            return waiting
        day = self._clock().date().isoformat()
        return compose(stored, self._schema, product=self._product, release=self._release, week=week, day=day)

    def _frozen(self, stored: Mapping[str, Any], week: str) -> bytes:
        body = self._report(stored, week)
        self._folder.write_bytes(f"{WAITING}/{week}.json", body)
        return body

    def _forget(self, stored: dict[str, Any], week: str) -> None:
        """Remove a week's sums, here and on disk, where other processes may have added to other weeks meanwhile."""
        stored.get("weeks", {}).pop(week, None)
        with self._folder.locked():
            fresh = self._folder.read(NAME)
            fresh.get("weeks", {}).pop(week, None)
            self._folder.write(NAME, fresh)
        self._folder.remove(f"{WAITING}/{week}.json")

    def _switch_off(self, why: str, *, endpoint: str = "") -> None:
        """Off first, then everything that was recorded goes; copies of what was sent stay."""
        with self._folder.locked():
            self._folder.write(CHOICE, {"telemetry": OFF, "why": why, "endpoint": endpoint})
            self._folder.remove(NAME, STATE, *(f"{WAITING}/{name}" for name in self._folder.names(WAITING)))

    def _passes(self, standing: Standing) -> Passes:
        return Passes(self._folder, standing.base, standing.endpoint)
