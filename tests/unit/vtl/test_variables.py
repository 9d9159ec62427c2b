from __future__ import annotations

from typing import Any

import pytest

from sekisho.vtl import Overrides, Scope, TemplateProblem, compile_template
from sekisho.vtl.variables import escape_javascript


def render(source: str, body: str = "", **more: Any) -> str:
    output = compile_template(source).render(Scope(body, **more))
    assert isinstance(output, str), output
    return output


PARAMETERS: dict[str, Any] = {
    "path": {"id": "p", "only": "path"},
    "querystring": {"id": "q", "q": "query"},
    "header": {"id": "h", "X-Own": "header"},
}


@pytest.mark.parametrize(
    ("source", "output"),
    [
        (
            "$input.params('id') $input.params('q') $input.params('X-Own') $input.params('x-own')",
            "p query header header",
        ),
        ("[$input.params('nope')]#if($input.params('nope') == '')empty#end", "[]empty"),
        ("$input.params().querystring", "{id=q, q=query}"),
        ("$input.params().get('header').get('X-Own') $input.params().path.only", "header path"),
        ("#foreach($k in $input.params().keySet())$k #end", "path querystring header "),
    ],
)
def test_parameters(source: str, output: str) -> None:
    assert render(source, **PARAMETERS) == output


@pytest.mark.parametrize(
    ("source", "body", "output"),
    [
        ("$input.body", '{ "a": 1 }', '{ "a": 1 }'),
        ("$input.body", "", "{}"),
        ("$input.json('$')", "", "{}"),
        ("$input.json('$')", '{ "a": [1, 1.0, null, "é"] }', '{"a":[1,1.0,null,"é"]}'),
        ("$input.json('$.a')", '{"a": "x"}', '"x"'),
        ("$input.json('$.b')", '{"a": "x"}', '""'),
        ("$input.json('$')", "some text", '"some text"'),
        ("$input.path('$.a')", '{"a": "x"}', "x"),
        ("$input.path('$').a.b", '{"a": {"b": true}}', "true"),
        ("$input.path('$.a').size()", '{"a": [1, 2]}', "2"),
        ("#set($n = 'a')$input.path(\"$.$n\")", '{"a": 5}', "5"),
        ("$input.path(1)$input.json()$input.path('$', 1)", "{}", ""),
    ],
)
def test_bodies(source: str, body: str, output: str) -> None:
    assert render(source, body) == output


def test_a_wrong_path_is_a_problem() -> None:
    output = compile_template("$input.path('$[')").render(Scope("{}"))
    assert output == TemplateProblem("Invalid JSON path: $[")


CONTEXT = {
    "stage": "prod",
    "identity.sourceIp": "192.0.2.1",
    "authorizer.claims": {"sub": "s", "list": [1]},
    "authorizer.number": 5,
}


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("$context.stage ${context.identity.sourceIp}", "prod 192.0.2.1"),
        ("$context['identity']['sourceIp'] $context.identity.get('sourceIp')", "192.0.2.1 192.0.2.1"),
        ("#set($c = $context)#set($i = $c.identity)$i.sourceIp", "192.0.2.1"),
        ("$context.authorizer.claims.sub $context.authorizer.claims['sub'] $context.authorizer.number", "s s 5"),
        ("$context.authorizer.claims", "{sub=s, list=[1]}"),
        ("[$context.nope][$context.identity][$context.nope.x.y]", "[][][]"),
        ("#if($context.nope)a#else b#end#if($context.nope == '')c#end#if($context.stage)d#end", " bcd"),
        ("$context.identity.containsKey('sourceIp') $context.identity.containsKey('x')", "true false"),
        ("#set($context = 1)$context $context.stage", "1 "),
    ],
)
def test_context(source: str, output: str) -> None:
    assert render(source, context=CONTEXT.get) == output


def test_the_context_stays_as_it_is() -> None:
    render(
        "$context.authorizer.claims.put('sub', 'x')#set($context.authorizer.claims.list[0] = 2)", context=CONTEXT.get
    )
    assert CONTEXT["authorizer.claims"] == {"sub": "s", "list": [1]}


def test_overrides() -> None:
    overrides = Overrides()
    source = (
        "#set($context.requestOverride.header.a = 'b')#set($context.requestOverride.path['c'] = 'd')"
        "#set($context.responseOverride.status = 418)$context.responseOverride.status"
    )
    assert render(source, overrides=overrides) == "418"
    assert overrides.request == {"path": {"c": "d"}, "querystring": {}, "header": {"a": "b"}}
    assert overrides.response == {"header": {}, "status": 418}


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("$util.urlEncode('a b/ü~*._-')", "a+b%2F%C3%BC%7E*._-"),
        ("$util.urlDecode('a+b%2F%C3%BC')", "a b/ü"),
        ("$util.base64Encode('ü>')", "w7w+"),
        ("$util.base64Decode('w7w+')$util.base64Decode('w7w-')$util.base64Decode('YQ')", "ü>ü>a"),
        ("$util.base64Decode('!')", ""),
        ("#set($o = $util.parseJson('{\"a\": [1]}'))$o.a[0] $o", "1 {a=[1]}"),
        ("$util.escapeJavaScript($input.params('q'))", "it\\'s \\/ \\u00E9"),
        ("[$util.parseJson($x)$util.urlEncode($context.x)$util.nope('x')$util.urlEncode()]", "[]"),
        ("$util.urlEncode(5)", "5"),
    ],
)
def test_util(source: str, output: str) -> None:
    assert render(source, querystring={"q": "it's / é"}) == output


def test_escape_javascript() -> None:
    assert escape_javascript("\"'\\/\n\t\r\b\f\x01\x7fé😀a") == (
        "\\\"\\'\\\\\\/\\n\\t\\r\\b\\f\\u0001\\u007F\\u00E9\\uD83D\\uDE00a"
    )


def test_foreach_methods() -> None:
    source = "#foreach($i in [1,2])$foreach.getIndex()$foreach.getCount()$foreach.hasNext()$foreach.count(1) #end"
    assert render(source) == "01true 12false "
