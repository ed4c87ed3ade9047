"""The shapes of the relay's forms; the API description is made from these types."""

from typing import Annotated

from msgspec import Meta

from troth.web.account_shapes import Mark
from troth.web.shapes import Body

_Switch = Annotated[str, Meta(max_length=3, description="`yes` or `no`")]


class RelaySwitchForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether other users may write."""

    csrf: Mark
    on: _Switch


class RelayBlockForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user to block, or not to block any more."""

    csrf: Mark
    alias: Annotated[
        str, Meta(max_length=64, description="local part of the alias that the user writes under")
    ]
    on: _Switch = "yes"


class RelayReportForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message to report."""

    csrf: Mark
    record: Annotated[str, Meta(max_length=64, description="id of its record")]


class RelayMessageForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message to pass on."""

    csrf: Mark
    text: Annotated[str, Meta(max_length=100_000)]
    subject: Annotated[str, Meta(max_length=1_000)] = ""


RELAY_FORMS = (RelaySwitchForm, RelayBlockForm, RelayReportForm, RelayMessageForm)
