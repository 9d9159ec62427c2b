"""AWS service models, compiled: what every operation's request and response look like on the wire.

Theory of operation. A service model (``service-2.json``) says for each operation its HTTP binding and its shapes. It
is read by the edge, which hands the parsed document to ``compile_service``. Operations become rows at once; shapes
are compiled when an operation that uses them is first called, once each, and may refer to themselves. After that
parsing and serialising are walks over ``Shape`` objects, dispatched by ``Shape.kind``; no model document is read
again.

The vocabulary of the documents: https://smithy.io/2.0/aws/protocols/index.html and
https://github.com/boto/botocore (``botocore/data``), which is where the edge finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

Document = Mapping[str, Any]

API_VERSIONS: Final[Mapping[str, str]] = {
    "apigateway": "2015-07-09",
    "apigatewayv2": "2018-11-29",
    "cloudformation": "2010-05-15",
    "iam": "2010-05-08",
    "lambda": "2015-03-31",
    "logs": "2014-03-28",
    "sts": "2011-06-15",
}
"""The services spoken here, and the version of each one's model."""

QUERY: Final = "query"
JSON: Final = "json"
REST_JSON: Final = "rest-json"


class Member(NamedTuple):
    """A member of a structure, with its binding."""

    name: str
    shape: Shape
    wire: str
    """Its name on the wire: ``locationName``, else ``name``."""
    location: str
    """``uri``, ``querystring``, ``header``, ``headers`` (prefix map), ``statusCode``, or empty for the body."""
    required: bool
    timestamp_format: str
    """``iso8601``, ``unixTimestamp``, ``rfc822``, or empty for the protocol's default."""
    flattened: bool
    idempotency_token: bool
    path: str
    """How validation messages spell it: with a small first letter."""


class Shape:
    """A type. Only the attributes that its ``kind`` uses are meaningful."""

    __slots__ = (
        "element",
        "element_wire",
        "enum",
        "enum_set",
        "event_stream",
        "flattened",
        "key",
        "key_wire",
        "kind",
        "max",
        "members",
        "min",
        "name",
        "pattern",
        "payload",
        "sensitive",
        "timestamp_format",
        "value",
        "value_wire",
    )

    def __init__(self, name: str, document: Document) -> None:
        self.name = name
        self.kind: str = document["type"]
        self.members: tuple[Member, ...] = ()
        self.payload: str = document.get("payload", "")
        """Structure: the member that is the HTTP body."""
        self.element: Shape = self
        self.element_wire = "member"
        self.key: Shape = self
        self.value: Shape = self
        self.key_wire = "key"
        self.value_wire = "value"
        self.flattened: bool = bool(document.get("flattened"))
        self.enum: tuple[str, ...] = tuple(document.get("enum") or ())
        self.enum_set = frozenset(self.enum)
        self.min: float | None = document.get("min")
        self.max: float | None = document.get("max")
        self.pattern: str = document.get("pattern", "")
        self.timestamp_format: str = document.get("timestampFormat", "")
        self.sensitive: bool = bool(document.get("sensitive"))
        self.event_stream: bool = bool(document.get("eventstream"))

    def __repr__(self) -> str:
        return f"Shape({self.name}: {self.kind})"

    def member(self, name: str) -> Member | None:
        """The member called ``name``, or None."""
        for member in self.members:
            if member.name == name:
                return member
        return None


class ErrorSpec(NamedTuple):
    """An error shape: the code clients see, its HTTP status, and its members."""

    code: str
    status: int
    """0 when the model says none."""
    shape: Shape


class Bindings(NamedTuple):
    """The members of an operation's input by where they travel (rest-json)."""

    uri: tuple[Member, ...]
    query: tuple[Member, ...]
    header: tuple[Member, ...]
    body: tuple[Member, ...]
    payload: Member | None


class OperationSpec:
    """An operation: its HTTP binding at once, its shapes when first asked for."""

    __slots__ = (
        "_bindings",
        "_input",
        "_output",
        "_rows",
        "method",
        "model",
        "name",
        "result_wrapper",
        "status",
        "uri",
    )

    def __init__(self, model: ServiceModel, document: Document) -> None:
        http = document.get("http") or {}
        self.model = model
        self.name: str = document["name"]
        self.method: str = http.get("method", "POST")
        self.uri: str = http.get("requestUri", "/")
        self.status: int = int(http.get("responseCode") or 200)
        self.result_wrapper: str = (document.get("output") or {}).get("resultWrapper", "")
        self._rows = document
        self._input: Shape | None = None
        self._output: Shape | None = None
        self._bindings: Bindings | None = None

    @property
    def service(self) -> str:
        return self.model.name

    @property
    def input(self) -> Shape | None:
        """The shape of the parameters; None when there are none."""
        if self._input is None and "input" in self._rows:
            self._input = self.model.shape(self._rows["input"]["shape"])
        return self._input

    @property
    def output(self) -> Shape | None:
        """The shape of the result; None when there is none."""
        if self._output is None and "output" in self._rows:
            self._output = self.model.shape(self._rows["output"]["shape"])
        return self._output

    @property
    def unsigned(self) -> bool:
        """Called without credentials, such as sts:AssumeRoleWithWebIdentity."""
        return self._rows.get("authtype") == "none" or "smithy.api#noAuth" in (self._rows.get("auth") or ())

    @property
    def unsupported(self) -> str:
        """Why this operation cannot be spoken here, or empty. Event streams need a framing that is not built."""
        for shape in (self.input, self.output):
            if shape is not None and any(m.shape.event_stream for m in shape.members):
                return "event streams"
        return ""

    @property
    def error_names(self) -> tuple[str, ...]:
        """The error shapes that the model declares for this operation."""
        return tuple(error["shape"] for error in self._rows.get("errors") or ())

    @property
    def bindings(self) -> Bindings:
        """The input's members by location."""
        found = self._bindings
        if found is None:
            members = self.input.members if self.input is not None else ()
            payload = self.input.payload if self.input is not None else ""
            found = self._bindings = Bindings(
                tuple(m for m in members if m.location == "uri"),
                tuple(m for m in members if m.location == "querystring"),
                tuple(m for m in members if m.location in ("header", "headers")),
                tuple(m for m in members if not m.location and m.name != payload),
                next((m for m in members if payload and m.name == payload), None),
            )
        return found


class ServiceModel:
    """A compiled service: its operations by name, and its shapes on demand."""

    __slots__ = (
        "_documents",
        "_errors",
        "_shapes",
        "api_version",
        "name",
        "operations",
        "protocol",
        "target_prefix",
        "xmlns",
    )

    def __init__(self, document: Document) -> None:
        metadata = document["metadata"]
        self.api_version: str = metadata["apiVersion"]
        self.name: str = metadata["uid"].removesuffix("-" + self.api_version)
        self.protocol: str = metadata["protocol"]
        self.xmlns: str = metadata.get("xmlNamespace", "")
        self.target_prefix: str = metadata.get("targetPrefix", "")
        self._documents: Mapping[str, Document] = document["shapes"]
        self._shapes: dict[str, Shape] = {}
        self._errors: dict[str, str] | None = None
        self.operations: dict[str, OperationSpec] = {
            name: OperationSpec(self, operation) for name, operation in document["operations"].items()
        }

    def shape(self, name: str) -> Shape:
        """The compiled shape; the same object every time."""
        found = self._shapes.get(name)
        if found is None:
            document = self._documents[name]
            found = self._shapes[name] = Shape(name, document)
            self._fill(found, document)
        return found

    def _fill(self, shape: Shape, document: Document) -> None:
        """Give a shape its children. It is already known by its name, so that shapes may contain themselves."""
        if shape.kind == "structure":
            required = frozenset(document.get("required") or ())
            shape.members = tuple(
                self._member(name, row, name in required) for name, row in (document.get("members") or {}).items()
            )
        elif shape.kind == "list":
            shape.element = self.shape(document["member"]["shape"])
            shape.element_wire = document["member"].get("locationName", "member")
        elif shape.kind == "map":
            shape.key = self.shape(document["key"]["shape"])
            shape.value = self.shape(document["value"]["shape"])
            shape.key_wire = document["key"].get("locationName", "key")
            shape.value_wire = document["value"].get("locationName", "value")

    def _member(self, name: str, row: Document, required: bool) -> Member:
        shape = self.shape(row["shape"])
        return Member(
            name,
            shape,
            row.get("locationName", name),
            row.get("location", ""),
            required,
            row.get("timestampFormat") or shape.timestamp_format,
            bool(row.get("flattened")) or shape.flattened,
            bool(row.get("idempotencyToken")),
            name[:1].lower() + name[1:],
        )

    def error(self, code: str) -> ErrorSpec | None:
        """The error that clients know as ``code``, which may be the code itself or the name of its shape."""
        if self._errors is None:
            self._errors = {}
            for name, document in self._documents.items():
                if document.get("exception"):
                    self._errors.setdefault((document.get("error") or {}).get("code", name), name)
        name = code if (self._documents.get(code) or {}).get("exception") else self._errors.get(code, "")
        if not name:
            return None
        about = self._documents[name].get("error") or {}
        status = about.get("httpStatusCode") or (500 if self._documents[name].get("fault") else 0)
        return ErrorSpec(about.get("code", name), status, self.shape(name))


def compile_service(document: Document) -> ServiceModel:
    """A service model's parsed JSON → its operations. Cheap: shapes are compiled when first used."""
    return ServiceModel(document)


class Models:
    """The compiled models, each loaded when its service is first called.

    ``load(service)`` gives the parsed document of a service of ``API_VERSIONS``; the edge passes one that reads files.
    """

    __slots__ = ("_compiled", "_load")

    def __init__(self, load: Callable[[str], Document]) -> None:
        self._load = load
        self._compiled: dict[str, ServiceModel] = {}

    def __contains__(self, service: str) -> bool:
        return service in API_VERSIONS

    def get(self, service: str) -> ServiceModel:
        """The model of a service of ``API_VERSIONS``. Raises KeyError for others."""
        found = self._compiled.get(service)
        if found is None:
            if service not in API_VERSIONS:
                raise KeyError(service)
            found = self._compiled[service] = compile_service(self._load(service))
        return found
