"""Filter patterns: terms, phrases, exclusions, alternatives; ``%…%`` and ``{…}``.

Theory of operation. A pattern is a list of terms. Plain ones must all be contained in the message, those after ``-``
must not, and when all terms begin with ``?`` one of them is enough. Terms are matched as they are written, case
included. Terms with other characters than letters, digits and ``_`` stand in double quotes. ``%…%`` is a
regular expression, found anywhere in the message; ``{…}`` is ``json_patterns``. Space-delimited patterns ``[…]`` are
recognised and refused: a filter that silently matched the wrong events would be worse than none.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html; the texts of refusals
were recorded in https://github.com/apex/up/issues/724 and https://github.com/DefangLabs/defang/issues/1008.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sekisho.config.patterns import PatternRefused, compile_search
from sekisho.services.logs.json_patterns import compile_json_pattern
from sekisho.services.logs.refusals import invalid

Matcher = Callable[[str], bool]
MAX_PATTERN = 1024
_TERM = re.compile(r"\s*([?-]?)(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\"]+))(?=\s|\Z)", re.DOTALL)
_PLAIN = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def compile_pattern(pattern: str) -> Matcher:
    """Whether a message matches. Raises ServiceError for patterns that are malformed or of a kind not known here."""
    text = pattern.strip()
    if len(pattern) > MAX_PATTERN:
        raise invalid(f"Filter patterns cannot be longer than {MAX_PATTERN} characters.")
    if not text:
        return lambda message: True
    if text.startswith("{"):
        return compile_json_pattern(text)
    if len(text) > 2 and text.startswith("%") and text.endswith("%"):
        return _regex(text[1:-1])
    if text.startswith("["):
        raise invalid("Space-delimited filter patterns ([ … ]) are not supported here yet.")
    required: list[str] = []
    excluded: list[str] = []
    optional: list[str] = []
    chosen = {"": required, "-": excluded, "?": optional}
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise invalid("Invalid filter pattern")
        sign, phrase, word = found.groups()
        if not phrase and not _PLAIN.fullmatch(word or ""):
            raise invalid(f"Invalid character(s) in term '{found[0].strip()}'")
        chosen[sign].append(_ESCAPE.sub(r"\1", phrase) if phrase is not None else word)
        position = found.end()
    if optional and (required or excluded):
        raise invalid(
            "Filter patterns that combine ? terms with other terms are not supported here: "
            "CloudWatch Logs ignores the question marks of such patterns."
        )
    if optional:
        return lambda message: any(term in message for term in optional)
    return lambda message: all(term in message for term in required) and not any(term in message for term in excluded)


def _regex(expression: str) -> Matcher:
    try:
        return compile_search(expression)
    except PatternRefused as problem:
        raise invalid("Invalid filter pattern") from problem
