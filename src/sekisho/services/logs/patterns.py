"""Filter patterns over unstructured events: terms, phrases, exclusions, alternatives.

Theory of operation. A pattern is a list of terms. Plain ones must all be contained in the message, those after ``-``
must not, and when all terms begin with ``?`` one of them is enough. Terms are matched as they are written, case
included. Terms with other characters than letters, digits and ``_`` stand in double quotes. The three other languages
of AWS's patterns (JSON ``{…}``, space-delimited ``[…]``, regular expressions ``%…%``) are recognised and refused: a
filter that silently matched the wrong events would be worse than none.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html; the texts of refusals
were recorded in https://github.com/apex/up/issues/724 and https://github.com/DefangLabs/defang/issues/1008.
"""

from __future__ import annotations

import re
from collections.abc import Callable

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
    _refuse_other_languages(text)
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


def _refuse_other_languages(text: str) -> None:
    if text.startswith("{"):
        raise invalid("JSON filter patterns ({ … }) are not supported here yet.")
    if text.startswith("["):
        raise invalid("Space-delimited filter patterns ([ … ]) are not supported here yet.")
    if text.startswith("%") or text.endswith("%"):
        raise invalid("Regular expressions in filter patterns (% … %) are not supported here yet.")
