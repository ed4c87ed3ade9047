"""The pages about telemetry, made from the schema that the door checks by."""

from litestar.handlers import HTTPRouteHandler

HANDLERS: list[HTTPRouteHandler] = []
