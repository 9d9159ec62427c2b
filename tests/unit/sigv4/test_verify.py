"""botocore signs, we verify; whatever changes afterwards is noticed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.kit.headers import Headers
from sekisho.sigv4 import (
    NO_CLAIM,
    Claim,
    ClaimProblem,
    Flaw,
    SignatureProblem,
    Verdict,
    Verified,
    read_claim,
    scope_problem,
    token_fits,
    verify,
)
from sekisho.sigv4.claim import instant_of

HOST = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION, SERVICE = "eu-west-1", "execute-api"


class Sent:
    """A signed request as it goes over the wire."""

    def __init__(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.method, self.headers, self.body = method, Headers(headers), body
        self.path, _, self.query = target.partition("?")

    def claim(self) -> Claim:
        claim = read_claim(self.method, self.path, self.query, self.headers)
        assert isinstance(claim, Claim), claim
        return claim

    def judge(self, *, secret: str = SECRET, later: float = 0.0) -> Verified | SignatureProblem:
        claim = self.claim()
        now = claim.instant + later
        args = (self.method, self.path, self.query, self.headers, self.body)
        return verify(claim, *args, secret, now, REGION, SERVICE)


def sign(
    method: str = "GET",
    target: str = "/prod/pets",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    token: str | None = None,
    *,
    presign: int = 0,
    secret: str = SECRET,
) -> Sent:
    request = AWSRequest(method, f"https://{HOST}{target}", headers=dict(headers or {}), data=body)
    credentials = Credentials("AKIAEXAMPLEEXAMPLE00", secret, token)
    if presign:
        SigV4QueryAuth(credentials, SERVICE, REGION, expires=presign).add_auth(request)
    else:
        SigV4Auth(credentials, SERVICE, REGION).add_auth(request)
    sent = list(request.headers.items())
    assert request.url is not None
    if not any(name.lower() == "host" for name, _ in sent):
        sent.append(("Host", HOST))
    return Sent(method, request.url.removeprefix(f"https://{HOST}"), sent, body)


TARGETS = [
    "/",
    "/prod",
    "/prod/",
    "/prod/pets/1",
    "/prod//double//slash",
    "/prod/a/./b/../c/",
    "/prod/..",
    "/prod/a%20b/%C3%A9",
    "/prod/a+b=c;d,e@f:g!$&'()*",
    "/prod/mypath%2Fnext",
    "/prod/~user/.hidden/-x_",
    "/prod/x?b=2&a=1",
    "/prod/x?a=2&a=1&a=",
    "/prod/x?flag",
    "/prod/x?a=%2F%20&b=c+d",
    "/prod/x?a=%2f",
    "/prod/x?=v&&k=",
    "/prod/x?a=b=c",
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("presign", [0, 60])
def test_what_botocore_signs_is_accepted(target: str, presign: int) -> None:
    assert isinstance(sign(target=target, presign=presign).judge(), Verified)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Two  ": "a"},
        {"X-Spaces": "  a   b\tc  "},
        {"X-Empty": ""},
        {"Content-Type": "application/json; charset=utf-8", "My-Header": "x,y"},
    ],
)
def test_header_values_are_trimmed_as_botocore_trims(headers: dict[str, str]) -> None:
    headers = {name.strip(): value for name, value in headers.items()}
    assert isinstance(sign("POST", headers=headers, body=b'{"a":1}').judge(), Verified)


def test_duplicate_headers_are_joined() -> None:
    request = AWSRequest("GET", f"https://{HOST}/prod", data=b"")
    request.headers.add_header("X-Many", "one")
    request.headers.add_header("X-Many", "two")
    SigV4Auth(Credentials("AKIAEXAMPLEEXAMPLE00", SECRET), SERVICE, REGION).add_auth(request)
    sent = Sent("GET", "/prod", [*request.headers.items(), ("Host", HOST)], b"")
    assert isinstance(sent.judge(), Verified)


def test_date_header_instead_of_amz_date() -> None:
    sent = sign(headers={"Date": "Fri, 01 Jan 2021 00:00:00 GMT"})
    assert sent.claim().amz_date.endswith("Z")
    assert isinstance(sent.judge(), Verified)


def test_session_token_travels_with_the_claim() -> None:
    for presign in (0, 60):
        sent = sign(token="IQoJtoken/+=", presign=presign)
        assert isinstance(sent.judge(), Verified)
        assert token_fits(sent.claim(), "IQoJtoken/+=")
        assert not token_fits(sent.claim(), "")
        assert not token_fits(sent.claim(), "IQoJtoken/+")


@given(
    path=st.lists(st.text("ab/.%2F~-_+é @", max_size=6), max_size=4),
    pairs=st.lists(st.tuples(st.text("ab%2 /é+", max_size=4), st.text("ab=%& /é", max_size=4)), max_size=4),
    body=st.binary(max_size=20),
)
@settings(max_examples=120, deadline=None)
def test_any_request_botocore_signs(path: list[str], pairs: list[tuple[str, str]], body: bytes) -> None:
    from urllib.parse import quote

    target = "/" + "/".join(quote(part, safe="/") for part in path)
    query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in pairs)
    sent = sign("POST", f"{target}?{query}" if query else target, body=body)
    assert isinstance(sent.judge(), Verified)


def mutations(text: str) -> Iterator[str]:
    for index, char in enumerate(text):
        for other in (chr(ord(char) ^ 1), "Q", "/"):
            if other != char:
                yield text[:index] + other + text[index + 1 :]


def refused(sent: Sent) -> bool:
    claim = read_claim(sent.method, sent.path, sent.query, sent.headers)
    if not isinstance(claim, Claim):
        return True
    now = instant_of("20261124T120000Z") if claim.instant is None else claim.instant
    assert now is not None
    args = (sent.method, sent.path, sent.query, sent.headers, sent.body)
    if isinstance(verify(claim, *args, SECRET, now, REGION, SERVICE), SignatureProblem):
        return True
    return claim.access_key_id != "AKIAEXAMPLEEXAMPLE00"


def test_every_mutation_of_the_path_is_noticed() -> None:
    sent = sign("POST", "/prod/pets/a%20b", body=b"x")
    for path in mutations(sent.path):
        changed = Sent(sent.method, path, list(sent.headers), sent.body)
        if path.replace("//", "/") != sent.path:
            assert refused(changed), path


def test_every_mutation_of_the_query_is_noticed() -> None:
    for presign in (0, 60):
        sent = sign("GET", "/prod/pets?name=a%20b&other=%2F", presign=presign)
        for query in mutations(sent.query):
            assert refused(Sent(sent.method, f"{sent.path}?{query}", list(sent.headers), b"")), query


def test_every_mutation_of_a_header_is_noticed() -> None:
    sent = sign("POST", headers={"Content-Type": "text/plain", "X-Empty": ""}, body=b"x", token="tok")
    for index, (name, value) in enumerate(sent.headers):
        for other in mutations(value):
            pairs = list(sent.headers)
            pairs[index] = (name, other)
            assert refused(Sent(sent.method, sent.path, pairs, sent.body)), (name, other)
        for other in mutations(name):
            pairs = list(sent.headers)
            pairs[index] = (other, value)
            if other.lower() != name.lower():
                assert refused(Sent(sent.method, sent.path, pairs, sent.body)), (other, value)


def test_every_mutation_of_method_and_body_is_noticed() -> None:
    sent = sign("POST", body=b"hello world")
    for method in mutations(sent.method):
        assert refused(Sent(method, sent.path, list(sent.headers), sent.body))
    for body in mutations("hello world"):
        assert refused(Sent(sent.method, sent.path, list(sent.headers), body.encode()))


def test_wrong_secret_shows_what_should_have_been_signed() -> None:
    found = sign(secret="another").judge()
    assert isinstance(found, SignatureProblem)
    assert found.verdict is Verdict.MISMATCH
    assert found.canonical_request.startswith(f"GET\n/prod/pets\n\nhost:{HOST}\n")
    assert found.message.endswith(f"The String-to-Sign should have been\n'{found.string_to_sign}'\n")


def test_query_left_unencoded_by_the_sender_is_canonical_when_encoded() -> None:
    sent = sign(target="/prod?a=b%2Fc")
    assert isinstance(Sent("GET", "/prod?a=b/c", list(sent.headers), b"").judge(), Verified)


def test_clock_window() -> None:
    sent = sign()
    assert isinstance(sent.judge(later=300), Verified)
    assert isinstance(sent.judge(later=-300), Verified)
    late, early = sent.judge(later=301), sent.judge(later=-301)
    assert isinstance(late, SignatureProblem)
    assert isinstance(early, SignatureProblem)
    assert late.verdict is Verdict.EXPIRED
    assert late.message.startswith(f"Signature expired: {sent.claim().amz_date} is now earlier than ")
    assert late.message.endswith(" - 5 min.)")
    assert early.verdict is Verdict.NOT_YET_CURRENT
    assert early.message.endswith(" + 5 min.)")


def test_presigned_urls_live_as_long_as_they_say() -> None:
    sent = sign(presign=3600)
    assert isinstance(sent.judge(later=3600), Verified)
    found = sent.judge(later=3601)
    assert isinstance(found, SignatureProblem)
    assert found.verdict is Verdict.EXPIRED


def test_scope_sentences_are_concatenated() -> None:
    claim = sign().claim()
    found = scope_problem(claim, "us-east-1", "lambda")
    assert found is not None
    assert found.message == (
        "Credential should be scoped to a valid region, not 'eu-west-1'. "
        "Credential should be scoped to correct service: 'lambda'. "
    )
    assert scope_problem(claim, "", "") is None
    claim.terminator, claim.date = "x", "20200101"
    other = scope_problem(claim, REGION, SERVICE)
    assert other is not None
    assert other.message.startswith(
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'x'. Date"
    )


def test_unsigned_payload_and_streaming() -> None:
    sent = sign("PUT", headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}, body=b"one")
    assert isinstance(sent.judge(), Verified)
    sent.body = b"two"
    assert isinstance(sent.judge(), Verified)
    sent = sign("PUT", headers={"X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, body=b"one")
    found = sent.judge()
    assert isinstance(found, SignatureProblem)
    assert found.verdict is Verdict.STREAMING


def test_unsigned_payload_cannot_be_claimed_afterwards() -> None:
    sent = sign("PUT", body=b"one")
    added = Sent(sent.method, sent.path, [*sent.headers, ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], b"two")
    assert isinstance(added.judge(), SignatureProblem)


def read(headers: list[tuple[str, str]], query: str = "") -> object:
    return read_claim("GET", "/", query, Headers(headers))


def test_nothing_is_no_claim() -> None:
    assert read([]) is NO_CLAIM
    assert read([], "a=1&X-Amz-Other=1") is NO_CLAIM
    assert read([("Authorization", "")]) is NO_CLAIM


NO_CREDENTIAL = "Authorization header requires 'Credential' parameter."
NO_SIGNATURE = "Authorization header requires 'Signature' parameter."
NO_SIGNED_HEADERS = "Authorization header requires 'SignedHeaders' parameter."
NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."


@pytest.mark.parametrize(
    ("authorization", "sentences"),
    [
        ("AWS4-HMAC-SHA256", (NO_CREDENTIAL, NO_SIGNATURE, NO_SIGNED_HEADERS, NO_DATE)),
        ("Basic dXNlcjpwYXNz=", (NO_CREDENTIAL, NO_SIGNATURE, NO_SIGNED_HEADERS, NO_DATE)),
        ("AWS4-HMAC-SHA256 Credential=A/b/c/d/e, SignedHeaders=host", (NO_SIGNATURE, NO_DATE)),
    ],
)
def test_incomplete_headers(authorization: str, sentences: tuple[str, ...]) -> None:
    message = f"{' '.join(sentences)} Authorization={authorization}"
    assert read([("Authorization", authorization)]) == ClaimProblem(Flaw.INCOMPLETE, message)


def test_bearer_tokens_are_not_key_value_pairs() -> None:
    found = read([("Authorization", "Bearer abc")])
    assert isinstance(found, ClaimProblem)
    assert found.flaw is Flaw.NOT_KEY_VALUE
    assert found.message.startswith("Invalid key=value pair (missing equal-sign) in Authorization header (hashed")


@pytest.mark.parametrize(
    ("date", "expires", "start"),
    [
        ("20260101T000000Z", "60", "Credential must have exactly 5"),
        ("20260101T000000Z", "604801", "X-Amz-Expires must be"),
        ("20261301T000000Z", "60", "Date must be in ISO-8601 'basic format'. Got '20261301T000000Z'."),
        ("20260101T000000Z", "", "AWS query-string parameters must include 'X-Amz-Expires'. Re-examine"),
    ],
)
def test_incomplete_queries(date: str, expires: str, start: str) -> None:
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Signature=s&X-Amz-SignedHeaders=host"
    found = read([], f"{query}&X-Amz-Date={date}&X-Amz-Expires={expires}")
    assert isinstance(found, ClaimProblem)
    assert found.message.startswith(start)


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=40))
def test_reading_is_total(authorization: str, query: str, date: str) -> None:
    read([("Authorization", "AWS4-HMAC-SHA256 " + authorization), ("X-Amz-Date", date)], query)
    read([("Authorization", authorization), ("Date", date)], query)
    read([], "X-Amz-Algorithm=AWS4-HMAC-SHA256&" + query)
