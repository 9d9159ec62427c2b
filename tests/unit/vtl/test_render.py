from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.vtl import Scope, TemplateProblem, compile_template


def render(source: str, body: str = "", **more: Any) -> str:
    output = compile_template(source).render(Scope(body, **more))
    assert isinstance(output, str), output
    return output


def problem(source: str, body: str = "") -> str:
    output = compile_template(source).render(Scope(body))
    assert isinstance(output, TemplateProblem), output
    return output.message


@pytest.mark.parametrize(
    ("source", "output"),
    [
        # text that is no Velocity
        ("", ""),
        ('{"price": "$5", "a": "#1", "b": "$"}', '{"price": "$5", "a": "#1", "b": "$"}'),
        ("#foo #Set $.a ${} $", "#foo #Set $.a ${} $"),
        # references
        ("#set($a = 1)$a ${a}b $!a $!{a}", "1 1b 1 1"),
        ("[$missing][$missing.x.y][$missing.f(1)][$missing[0]]", "[][][][]"),
        ("#set($a = 1)$a. $a.b. $a[", "1. . 1["),
        ("#set($a-b_c = 1)$a-b_c", "1"),
        ("\\$a \\\\$a #set($a = 1)\\\\$a \\#set", "$a \\ \\1 #set"),
        ("C:\\dir \\n", "C:\\dir \\n"),
        # set
        ("#set ( $a = 'x' )$a", "x"),
        ("#set($a = {})#set($a.b = 1)#set($a['c'] = 2)$a", "{b=1, c=2}"),
        ("#set($a = [1, 2])#set($a[0] = 'x')$a", "[x, 2]"),
        ("#set($missing.b = 1)ok", "ok"),
        ("  #set($a = 1)  \nx", "x"),
        ("a #set($a = 1) b", "a  b"),
        # if
        ("#if(true)a#else b#end", "a"),
        ("#if(false)a#elseif(true)b#else c#end", "b"),
        ("#if($x)a#{else}b#end", "b"),
        ("#if('')a#else b#end", "a"),  # only null and false are false
        ("#if(0)a#end", "a"),
        ("#if(!$x && !false)a#end", "a"),
        ("#if(not $x and (1 lt 2 or $y))a#end", "a"),
        ("#if(true)\n a\n#else\n b\n#end\nc", " a\nc"),
        # foreach
        ("#foreach($i in [1..3])$i#if($foreach.hasNext),#end#end", "1,2,3"),
        ("#foreach($i in [3..1])$i#end", "321"),
        ("#foreach($v in {'a': 1, 'b': 2})$v#end", "12"),
        (
            "#foreach($i in ['a', 'b'])$foreach.index$foreach.count$velocityCount$foreach.first$foreach.last #end",
            "011truefalse 122falsetrue ",
        ),
        ("#set($i = 'kept')#foreach($i in [1])$i#end$i$foreach.index", "1kept"),
        ("#foreach($i in [1, 2])#foreach($j in [1, 2])$foreach.parent.count$foreach.count #end#end", "11 12 21 22 "),
        ("#foreach($i in [1..9])#if($i == 3)#break#end$i#end.", "12."),
        ("#foreach($i in $missing)x#end#foreach($i in 'text')x#end", ""),
        ("a#stop b", "a"),
        ("#foreach($i in [1..3])$i#stop #end b", "1"),
        ("a#break b", "a"),
        # comments and unparsed content
        ("a## comment $x #if\nb", "ab"),
        ("a##", "a"),
        ("a#* $x #if *#b", "ab"),
        ("#[[$x #if]]#", "$x #if"),
        # literals and strings
        ('#set($a = "x$b#if(true)y#end")$a', "xy"),
        ("#set($b = 1)#set($a = '$b')$a \"$b\"", '$b "1"'),
        ('#set($a = "say ""hi""")$a#set($a = \'it\'\'s\')$a', 'say "hi"it\'s'),
        ('#set($a = "\\n")$a', "\\n"),  # Velocity has no escapes in strings
        ("#set($a = {'k': [1, 2.5, true], b: {}})$a", "{k=[1, 2.5, true], b={}}"),
        ("#set($a = [])$a.size()", "0"),
        # arithmetic and comparison
        ("#set($a = 7 / 2)$a #set($a = -7 / 2)$a #set($a = -7 % 4)$a #set($a = 7.0 / 2)$a", "3 -3 -3 3.5"),
        ("#set($a = 1 + 2 * 3 - (4 - 1))$a", "4"),
        ("#set($a = 1 + 'x')$a#set($a = 'x' + 1 + 2)$a", "1xx12"),
        ("#set($a = 1 / 0)[$a]#set($a = $x + 1)[$a]", "[][]"),
        ("#set($a = -1)#set($b = 2)#set($c = -$b)$a$c", "-1-2"),
        ("#if(1 == 1.0 && '1' == 1 && 'a' == 'a' && 'a' != 'b' && true == 'true')y#end", "y"),
        ("#if($x == '' && $x == $y && !($x == 'a') && !($x == 0))y#end", "y"),
        ("#if(2 >= 2 && 1 <= 2 && 2 > 1 && 1 < 2 && !('a' > 1))y#end", "y"),
        ("#if(1 eq 1 && 1 ne 2 && 2 gt 1 && 2 ge 2 && 1 le 1)y#end", "y"),
        # directives that touch text
        ("#if(true)a#elsefoo#end", "a"),
        ("#foreach($i in [1,2])#breakfast#end", ""),
    ],
)
def test_language(source: str, output: str) -> None:
    assert render(source) == output


@pytest.mark.parametrize(
    ("source", "message", "line", "column"),
    [
        ("a\n#macro(x)", "#macro is not supported in mapping templates", 2, 1),
        ("#parse('x')", "#parse is not supported in mapping templates", 1, 1),
        ("#if(true)", "#end is missing", 1, 10),
        ("#end", "unexpected #end", 1, 5),
        ("x#else", "unexpected #else", 1, 7),
        ("#set($a 1)", "= is missing", 1, 9),
        ("#set(a = 1)", "a reference is missing", 1, 6),
        ("#set($a = )", "unexpected ')'", 1, 11),
        ("#set($a.b() = 1)", "cannot assign to $a.b()", 1, 12),
        ("#set($a = 'x)", "' is missing", 1, 11),
        ("#set($a = 99999999999999999999)", "number too large", 1, 31),
        ("#foreach($a.b in [1])#end", "#foreach needs a plain variable", 1, 14),
        ("#foreach($a on [1])#end", "'in' is missing", 1, 13),
        ("${a", "} is missing", 1, 4),
        ("#* x", "*# is missing", 1, 1),
        ("$a.b(", "the expression is incomplete", 1, 6),
        ("#if(" + "(" * 100 + "1" + ")" * 100 + ")#end", "nested too deeply", 1, 64),
        ("#if(true)" * 100 + "#end" * 100, "nested too deeply", 1, 536),
    ],
)
def test_what_is_no_template(source: str, message: str, line: int, column: int) -> None:
    template = compile_template(source)
    assert template.problem is not None
    assert template.problem.message == message
    assert template.problem.line == line
    assert template.problem.column == column
    assert template.render(Scope()) == template.problem


def test_a_constant_costs_nothing() -> None:
    template = compile_template('{"statusCode": 200} ## comment')
    assert template.literal == '{"statusCode": 200} '
    assert template.render(Scope()) is template.literal


def test_loops_end_silently_after_a_thousand() -> None:
    assert render("#foreach($i in [1..2000])x#end") == "x" * 1000


@pytest.mark.parametrize(
    "source",
    [
        "#set($s = 'a')#foreach($i in [1..99])#set($s = \"$s$s\")#end",
        "#set($s = 'a')#foreach($i in [1..99])#set($s = $s + $s)#end",
        "#set($s = 'aa')#foreach($i in [1..99])#set($s = $s.replace('a', $s))#end",
        "#set($s = 'aa')#foreach($i in [1..99])#set($s = $s.replaceAll('a', $s))#end",
        "#set($s = 'a')#foreach($i in [1..99])#set($s = $s.concat($s))#end",
        "#set($n = 9)#foreach($i in [1..99])#set($n = $n * $n)#end",
        "#set($l = [1])#foreach($i in [1..99])#set($x = $l.addAll($l))#end",
        "#set($l = [])#set($x = $l.add($l))$l",
        "#set($m = {})#set($m.m = $m)$m",
        "#set($l = $input.path('$.l'))#set($x = $l.add($l))$l",
        "#set($l = [1..999999])",
        "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])$k#end#end#end",
        "#set($s = $input.path('$.s'))#foreach($i in [1..1000])#foreach($j in [1..1000])$s.toUpperCase()#end#end",
        "#foreach($i in [1..1000])#foreach($j in [1..1000])$input.json('$..s')#end#end",
        "#set($s = $input.path('$.s'))#foreach($i in [1..1000])#set($x = $s.matches('(a+)+b'))#end",
    ],
)
def test_what_would_never_end_or_fill_the_memory(source: str) -> None:
    started = time.process_time()
    problem(source, json.dumps({"l": [], "s": "a" * 1_000_000}))
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "source",
    [
        "$input.__class__",
        "$input._scope",
        "$util.call",
        "$context._scope.body",
        "#set($s = '')$s.__class__",
        "#set($s = '')$s.__class__()",
        "#set($s = '')$s.format('x')$s.join([1])",
        "#set($l = [])$l.__len__()$l.sort()",
        "$foreach.outer",
        "#set($s = '')$s.class.name",
        "#set($s = '')$s.getClass().forName('x')",
        "$input.call('x')",
    ],
)
def test_there_is_no_way_out(source: str) -> None:
    assert render(source) == ""


@pytest.mark.parametrize("name", ["input", "util", "context"])
def test_given_variables_cannot_be_changed_inside(name: str) -> None:
    assert problem(f"#set(${name}.x = 1)") == "this variable cannot be assigned"


def test_stage_variables_are_changed_in_a_copy_only() -> None:
    variables = {"a": "1"}
    assert render("#set($stageVariables.a = 2)$stageVariables.a$stageVariables['a']", stage_variables=variables) == "22"
    assert variables == {"a": "1"}


_PIECES = st.sampled_from(
    [
        "#set($a = ",
        "#if(",
        "#else",
        "#end",
        "#foreach($i in ",
        ")",
        "$a",
        "${",
        "}",
        "[",
        "]",
        ".b",
        ".get(",
        "'",
        '"',
        "1",
        "..",
        ",",
        ":",
        "{",
        " == ",
        "&&",
        "!",
        "-",
        "\\",
        "\n",
        "##",
        "#*",
        "*#",
        "$input",
        ".path('$",
        ".json(",
        "x",
        "é",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES).map("".join)), st.one_of(st.text(), st.just('{"a": [1, null]}')))
def test_nothing_raises(source: str, body: str) -> None:
    assert isinstance(compile_template(source).render(Scope(body)), (str, TemplateProblem))


@given(st.text(alphabet=st.characters(blacklist_characters="$#\\")))
def test_plain_text_is_itself(source: str) -> None:
    assert compile_template(source).literal == source
