"""The operations of certificates of erasure."""

from troth.web.operation import CASE, HTML, JSON, Answer, Operation, Parameter

_AS = Parameter("as", "query", "json for the signed file, pdf for one to print", "json", {"type": "string", "enum": ["json", "pdf"]})  # fmt: skip
_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_FILE = Answer("The certificate, signed; its schema is published at /schemas/certificate.json.", JSON, {"type": "object"}, {"certificate": {}, "signature": ""})  # fmt: skip

CERTIFICATE_OPERATIONS = (
    Operation(
        "pageCertificate", "GET", "/certificates/{case}", "Rights", "The certificate of a link", "By the signed link of the last mail of an erasure, for 90 days.",
        {200: Answer("The page, or the file.", HTML, {"type": "string"})},
        parameters=(
            Parameter("case", "path", "id of the case", CASE, _ID, required=True),
            Parameter("until", "query", "last second of the link", "1790000000", {"type": "string"}, required=True),
            Parameter("sig", "query", "signature of the link", "0f" * 16, {"type": "string"}, required=True),
            _AS,
        ),
        problems=(404, 422, 503),
    ),
    Operation(
        "showCertificate", "GET", "/v1/requests/{number}/certificate", "Rights", "The certificate of a request", "For whoever may see the request.",
        {200: _FILE}, key=True, parameters=(Parameter("number", "path", "number of the matter, or the id of its case", "R-7KQM-93XD", required=True), _AS),
        problems=(401, 404, 422, 429, 503),
    ),
    Operation(
        "certificateSchema", "GET", "/schemas/certificate.json", "Rights", "JSON Schema of a certificate", "For programs that read certificates.",
        {200: Answer("The schema.", JSON, {"type": "object"}, {"type": "object"})}, problems=(503,),
    ),
)  # fmt: skip
