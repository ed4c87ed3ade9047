"""Answers to exporters of OpenTelemetry metrics, in the encoding that they sent.

Source: OpenTelemetry protocol 1.10, OTLP/HTTP response, partial success, failures.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import msgspec

from troth.ingress import JSON, PROTOBUF, NotOptedIn, OtlpReader, Upload, inflated, shows_receipt
from troth.web.asgi import Receive, Scope, Send, check_depth, header, respond, whole_body
from troth.web.failing import problem_of
from troth.web.problems import WrongMediaType, error_headers

METRICS = "/v1/metrics"
Take = Callable[[Scope, Upload], Awaitable[str]]
"""Has an upload taken in."""
_RETRY = {"Retry-After": "30"}
_encode = msgspec.json.Encoder().encode


async def exported(scope: Scope, receive: Receive, send: Send, shown: str, take: Take) -> None:
    """Have exported metrics taken in, and answer as the protocol says.

    Args:
        scope: The request.
        receive: Gives its body.
        send: Takes the answer.
        shown: What proves that the installation opted in.
        take: Has them taken in.
    """
    media = header(scope, b"content-type").partition(";")[0].strip().lower()
    reader = OtlpReader(media)
    try:
        if not shows_receipt(shown):  # told also to who sends nothing that would be kept
            raise NotOptedIn(  # noqa: TRY301  answered in the protocol's form like all others
                "No receipt is shown; nothing was stored.",
                mend="Send `Authorization: Receipt` and the receipt, or put it into the address: /t/RECEIPT.",
            )
        await take(scope, Upload(shown, await _body(scope, receive, media), reader))
    except Exception as error:  # noqa: BLE001  the edge: whatever fails becomes an answer of the protocol, and is logged
        await _refuse(send, error, media)
        return
    await respond(send, HTTPStatus.OK, _partial(reader, media), media)


async def _body(scope: Scope, receive: Receive, media: str) -> bytes:
    """The body, unpacked.

    Raises:
        WrongMediaType: It is neither protobuf nor JSON.
        InvalidInput: It is packed in another way than gzip, too large or too deep.
    """
    if media not in {PROTOBUF, JSON}:
        raise WrongMediaType(
            "Metrics are taken as protobuf or JSON; nothing was stored.",
            field="Content-Type",
            mend=f"Send {PROTOBUF} or {JSON}.",
        )
    body, encoding = await whole_body(scope, receive), header(scope, b"content-encoding")
    if encoding:
        body = await asyncio.to_thread(inflated, body, encoding)
    if media == JSON:
        check_depth(body)
    return body


async def _refuse(send: Send, error: Exception, media: str) -> None:
    """A failure as the protocol's `Status`."""
    problem, _ = problem_of(error)
    told = " ".join(part for part in (problem.detail, problem.mend) if part)
    # An exporter takes 422 for a reason to give up, as the protocol names only 400 for what cannot be read.
    invalid = problem.status == HTTPStatus.UNPROCESSABLE_ENTITY
    status = HTTPStatus.BAD_REQUEST if invalid else problem.status
    headers: Mapping[str, str] = error_headers(error)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = _RETRY
    if media == PROTOBUF:
        await respond(send, status, _text(2, told), PROTOBUF, headers)
    else:
        await respond(send, status, _encode({"message": told}), JSON, headers)


def _partial(reader: OtlpReader, media: str) -> bytes:
    """An `ExportMetricsServiceResponse`; empty where everything was taken."""
    if not reader.refused:
        return b"{}" if media == JSON else b""
    if media == JSON:
        told = {"rejectedDataPoints": str(reader.refused), "errorMessage": reader.message}
        return _encode({"partialSuccess": told})
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

    response = ExportMetricsServiceResponse()
    response.partial_success.rejected_data_points = reader.refused
    response.partial_success.error_message = reader.message
    return bytes(response.SerializeToString())


def _text(field: int, text: str) -> bytes:
    """A message of protobuf with one text: `google.rpc.Status` comes with no package that is needed otherwise."""
    told = text.encode()
    length, size = b"", len(told)
    while size > 0x7F:  # noqa: PLR2004  seven bits a byte
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return bytes([field << 3 | 2]) + length + bytes([size]) + told
