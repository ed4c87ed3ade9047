"""The operation that recipients call back."""

from troth.web.operation import Answer, Operation, Parameter

_MESSAGE = "msg_019a0c2e7d1c7a40b1d2c3e4f5a60718"

CONNECTOR_OPERATIONS = (
    Operation(
        "answerMessage", "POST", "/v1/connectors/{name}/ack", "Rights", "Say how a message about a request went",
        "For recipients that were told of a request by webhook. Signed as Standard Webhooks says, with the connector's secret, within five "
        "minutes of now; saying the same again changes nothing.",
        {200: Answer("What is known of it now.", schema="ConnectorAnswer", example={"message": _MESSAGE, "result": "done"})},
        parameters=(
            Parameter("name", "path", "name of the connector", "helpdesk", required=True),
            Parameter("webhook-id", "header", "id of this callback", "cb_1"),
            Parameter("webhook-timestamp", "header", "seconds since 1970", "1767603600"),
            Parameter("webhook-signature", "header", "v1, and HMAC-SHA256 over id, time and body", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
        ),
        body=("RecipientResult",), examples={"It is erased": {"message": _MESSAGE, "result": "done"}},
        problems=(400, 401, 404, 409, 413, 415, 422, 429, 503),
    ),
)  # fmt: skip
