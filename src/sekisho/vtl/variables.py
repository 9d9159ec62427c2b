"""The variables that API Gateway gives to templates: ``$input``, ``$util``, ``$context`` and ``$foreach``.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from sekisho.vtl.jsonpath import MISSING, JsonPath, PathProblem, compile_path
from sekisho.vtl.scope import Scope, read_json
from sekisho.vtl.values import Nothing, Special, TemplateFailure, bounded_text, json_text, own, text


@lru_cache(1024)
def _path(source: str) -> JsonPath:
    try:
        return compile_path(source)
    except PathProblem as problem:
        raise TemplateFailure(str(problem)) from problem


class Input(Special):
    """``$input``."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def prop(self, name: str) -> Any:
        if name == "body":  # vector: vtl/input-body-str-body-output-empty-body
            return self._scope.body or "{}"
        return None

    def call(self, name: str, arguments: list[Any]) -> Any:
        scope = self._scope
        if name == "params":
            if not arguments:
                return {"path": dict(scope.path), "querystring": dict(scope.querystring), "header": dict(scope.header)}
            return scope.parameter(text(arguments[0])) if len(arguments) == 1 else None
        if len(arguments) != 1 or type(arguments[0]) is not str:
            return None
        if name == "path":
            found = self._find(arguments[0])
            return None if found is MISSING else found
        if name == "json":
            found = self._find(arguments[0])
            return '""' if found is MISSING else bounded_text(json_text(found))
        return None

    def _find(self, source: str) -> Any:
        try:
            return _path(source).find(self._scope.json())
        except PathProblem as problem:
            raise TemplateFailure(str(problem)) from problem


class Context(Nothing):
    """``$context``, or a group of its variables such as ``$context.identity``."""

    __slots__ = ("_prefix", "_scope")

    def __init__(self, scope: Scope, prefix: str = "") -> None:
        self._scope, self._prefix = scope, prefix

    def prop(self, name: str) -> Any:
        if not self._prefix:
            if name == "requestOverride":
                return self._scope.overrides.request
            if name == "responseOverride":
                return self._scope.overrides.response
        full = self._prefix + name
        value = self._scope.context(full)
        return Context(self._scope, full + ".") if value is None and full.count(".") < 8 else own(value)

    def call(self, name: str, arguments: list[Any]) -> Any:
        if name == "get" and len(arguments) == 1 and type(arguments[0]) is str:
            return self.prop(arguments[0])
        if name == "containsKey" and len(arguments) == 1 and type(arguments[0]) is str:
            return self._scope.context(self._prefix + arguments[0]) is not None
        return None


class Loop(Special):
    """``$foreach``."""

    __slots__ = ("index", "length", "outer")

    def __init__(self, length: int, outer: Any) -> None:
        self.index = 0
        self.length = length
        self.outer = outer

    def prop(self, name: str) -> Any:
        if name == "index":
            return self.index
        if name == "count":
            return self.index + 1
        if name == "hasNext":
            return self.index + 1 < self.length
        if name == "first":
            return self.index == 0
        if name == "last":
            return self.index + 1 == self.length
        return self.outer if name == "parent" else None

    def call(self, name: str, arguments: list[Any]) -> Any:
        if arguments:
            return None
        return self.prop({"getIndex": "index", "getCount": "count", "getHasNext": "hasNext"}.get(name, name))


# -- $util


def escape_javascript(value: str) -> str:
    """As Apache Commons Lang 2's ``escapeJavaScript``: quotes of both kinds, backslashes, slashes, non-ASCII."""
    out = []
    for char in value:
        code = ord(char)
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif 32 <= code < 127:
            out.append(char)
        elif code > 0xFFFF:
            high, low = divmod(code - 0x10000, 0x400)
            out.append(f"\\u{0xD800 + high:04X}\\u{0xDC00 + low:04X}")
        else:
            out.append(f"\\u{code:04X}")
    return "".join(out)


_ESCAPES = {
    "\b": "\\b",
    "\n": "\\n",
    "\t": "\\t",
    "\f": "\\f",
    "\r": "\\r",
    "'": "\\'",
    '"': '\\"',
    "\\": "\\\\",
    "/": "\\/",
}


def _url_encode(value: str) -> str:
    """Java's URLEncoder: a blank becomes ``+``; ``.``, ``-``, ``*`` and ``_`` stay."""
    return quote_plus(value, safe="*", errors="replace").replace("~", "%7E")


def _url_decode(value: str) -> str:
    return unquote_plus(value)


def _base64_encode(value: str) -> str:
    return base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()


def _base64_decode(value: str) -> str:
    """Lenient, as Commons Codec: both alphabets, padding or none."""
    kept = "".join(
        char
        for char in value.replace("-", "+").replace("_", "/")
        if char.isascii() and (char in "+/" or char.isalnum())
    )
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    try:
        return base64.b64decode(kept + "=" * (-len(kept) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as problem:
        raise TemplateFailure("base64Decode: not base64") from problem


_UTIL: Mapping[str, Callable[[str], Any]] = {
    "escapeJavaScript": escape_javascript,
    "parseJson": read_json,
    "urlEncode": _url_encode,
    "urlDecode": _url_decode,
    "base64Encode": _base64_encode,
    "base64Decode": _base64_decode,
}


class Util(Special):
    """``$util``. Of null every function makes null. vector: vtl/input-body-url-encode-empty-body"""

    __slots__ = ()

    def call(self, name: str, arguments: list[Any]) -> Any:
        function = _UTIL.get(name)
        if function is None or len(arguments) != 1 or arguments[0] is None or isinstance(arguments[0], Nothing):
            return None
        made = function(text(arguments[0]))
        return bounded_text(made) if type(made) is str else made


UTIL = Util()
