from __future__ import annotations

from typing import Any

import pytest

from sekisho.vtl.methods import TABLES, call, get, put
from sekisho.vtl.values import JavaList, TemplateFailure, text


@pytest.mark.parametrize(
    ("target", "name", "arguments", "result"),
    [
        ("abc", "length", [], 3),
        ("abc", "substring", [1], "bc"),
        ("abc", "substring", [0, 2], "ab"),
        ("abc", "charAt", [1], "b"),
        ("abcb", "indexOf", ["b"], 1),
        ("abcb", "indexOf", ["b", 2], 3),
        ("abcb", "lastIndexOf", ["b"], 3),
        ("abc", "contains", ["bc"], True),
        ("abc", "contains", [None], None),
        ("abc", "startsWith", ["ab"], True),
        ("abc", "endsWith", ["ab"], False),
        ("abc", "equals", ["abc"], True),
        ("1", "equals", [1], False),
        ("aBc", "equalsIgnoreCase", ["AbC"], True),
        ("a.b.c", "replace", [".", "$1"], "a$1b$1c"),
        ("a.b.c", "replaceAll", [".", "x"], "xxxxx"),
        ("john smith", "replaceAll", ["(\\w+) (\\w+)", "$2 \\$$1"], "smith $john"),
        ("it\\'s", "replaceAll", ["\\\\'", "'"], "it's"),
        ("aaa", "replaceFirst", ["a", "b"], "baa"),
        ("abc1", "matches", ["[a-z]+\\d"], True),
        ("abc1x", "matches", ["[a-z]+\\d"], False),
        ("a,b,,c,,", "split", [","], ["a", "b", "", "c"]),
        ("a,b,,c,,", "split", [",", -1], ["a", "b", "", "c", "", ""]),
        ("a,b,c", "split", [",", 2], ["a", "b,c"]),
        ("abc", "split", [""], ["a", "b", "c"]),
        ("", "split", [","], [""]),
        (",", "split", [","], []),
        ("aé", "toUpperCase", [], "AÉ"),
        (" a ", "trim", [], "a"),
        ("", "isEmpty", [], True),
        ("hello", "hashCode", [], 99162322),
        ("a", "nope", [], None),
        ("a", "length", [1], None),
        (0, "parseInt", ["-12"], -12),
        (0, "valueOf", ["7"], 7),
        (0, "toString", [5], "5"),
        (1.5, "intValue", [], 1),
        (1.5, "toString", [], "1.5"),
        (0.0, "parseDouble", ["1e2"], 100.0),
        (True, "toString", [], "true"),
        (False, "parseBoolean", ["TRUE"], True),
        ([1, 2], "size", [], 2),
        ([1, 2], "get", [1], 2),
        ([1, "a"], "contains", ["a"], True),
        ([1, True], "indexOf", [True], 1),
        (["a"], "remove", ["a"], True),
        ([5], "remove", [0], 5),
        ([1, 2, 3], "subList", [1, 2], [2]),
        (JavaList(["a"]), "toJSONString", [], '["a"]'),
        ({"a": 1}, "get", ["a"], 1),
        ({"a": 1}, "get", [["a"]], None),
        ({"a": 1}, "getOrDefault", ["b", 2], 2),
        ({"a": 1}, "containsKey", ["a"], True),
        ({"a": 1}, "containsValue", [1], True),
        ({"a": 1}, "put", ["a", 2], 1),
        ({"a": 1}, "remove", ["a"], 1),
        ({"a": 1}, "keySet", [], ["a"]),
        ({"a": 1}, "values", [], [1]),
        ({"a": 1}, "size", [], 1),
        (None, "size", [], None),
    ],
)
def test_call(target: Any, name: str, arguments: list[Any], result: Any) -> None:
    made = call(target, name, arguments)
    assert made == result
    assert type(made) is type(result) or isinstance(made, JavaList)


@pytest.mark.parametrize(
    ("target", "name", "arguments"),
    [
        ("abc", "substring", [4]),
        ("abc", "charAt", [3]),
        ("abc", "replaceAll", ["(", "x"]),
        ("abc", "replaceAll", ["(a)\\1", "x"]),
        ("abc", "replaceAll", ["a", "$1"]),
        ("abc", "replaceAll", ["a", "\\"]),
        (0, "parseInt", ["x"]),
        (0, "parseInt", ["99999999999999999999"]),
        ([1], "get", [1]),
        ([1], "set", [1, 2]),
    ],
)
def test_what_fails_in_java(target: Any, name: str, arguments: list[Any]) -> None:
    with pytest.raises(TemplateFailure):
        call(target, name, arguments)


def test_changes() -> None:
    items: list[Any] = [1]
    assert call(items, "add", [2]) is True
    assert call(items, "add", [0, 0]) is None
    assert call(items, "set", [1, "x"]) == 1
    assert call(items, "addAll", [[3]]) is True
    assert items == [0, "x", 2, 3]
    call(items, "clear", [])
    assert items == []
    entries: dict[str, Any] = {}
    call(entries, "putAll", [{"a": 1}])
    assert call(entries, "putIfAbsent", ["a", 2]) == 1
    put(entries, "b", 3)
    assert entries == {"a": 1, "b": 3}
    entry = call(entries, "entrySet", [])[1]
    assert (get(entry, "key"), get(entry, "value"), call(entry, "getKey", []), text(entry)) == ("b", 3, "b", "b=3")


def test_get() -> None:
    assert get({"a": 1}, "a") == 1
    assert get([1, 2], 1) == 2
    assert get([1, 2], -1) == 2
    assert get([1, 2], 5) is None
    assert get([], "empty") is True
    assert get("x", "length") is None
    assert get(None, "x") is None


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, table in TABLES.items() for name in table])
@pytest.mark.parametrize("argument", [None, "x", 1, [], {}, JavaList()])
def test_no_method_raises_anything_else(kind: type, name: str, argument: Any) -> None:
    for arguments in ([], [argument], [argument, argument]):
        try:
            call(kind(), name, arguments)
        except TemplateFailure:
            pass
