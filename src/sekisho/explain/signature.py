"""Rules about SigV4: what was signed, what arrived, and where the two part.

A mismatch alone does not say what differs. Here the secret is known, so the differences that clients really make
(another encoding of the path, another host, a body changed after signing, a secret with a blank …) are signed one after
another; the one whose signature is the client's is the cause, with certainty. Otherwise the likeliest is named as such.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote

from sekisho.explain.case import Case
from sekisho.explain.explanation import Evidence, Finding, say
from sekisho.faults.fault import Fault

_PROXIES = ("x-amz-cf-id", "x-forwarded-host", "via")
"""What proxies add to requests (CloudFront: the first)."""
_EMPTY = hashlib.sha256(b"").hexdigest()


def missing(case: Case) -> Finding:
    """An AWS_IAM method was called without a signature."""
    trace = case.trace
    return Finding(
        "SIGV4_UNSIGNED",
        say("sig.unsigned", method=trace.route.method, path=trace.route.resource_path),
        (Evidence(say("sig.how-to", region=trace.api.region)),),
    )


def not_a_signature(case: Case) -> Finding:
    """The Authorization header is something else, or damaged."""
    value = case.trace.request.headers.get("authorization") or ""
    if value.startswith("AWS4-HMAC-SHA256"):
        return malformed(case)
    scheme = value.split(" ", 1)[0][:40]
    return Finding(
        "SIGV4_NON_SIGV4_HEADER",
        say("sig.other-scheme", scheme=scheme or "-"),
        (Evidence(say("sig.how-to", region=case.trace.api.region)),),
    )


def malformed(case: Case) -> Finding:
    """``AWS4-HMAC-SHA256`` with parts missing or damaged."""
    value = case.trace.request.headers.get("authorization") or ""
    evidence = []
    if value.lower().startswith("authorization:"):
        evidence.append(Evidence(say("sig.name-repeated")))
    absent = [part for part in ("Credential", "SignedHeaders", "Signature") if f"{part}=" not in value]
    if value and absent:
        evidence.append(Evidence(say("sig.parts-absent", parts=", ".join(absent)), {"absent": absent}))
    message = case.trace.error_message
    if message:
        # The sentence repeats the header, whose signature is not for showing.
        evidence.append(Evidence(say("sig.said", text=message.partition("Signature=")[0][:300])))
    evidence.append(Evidence(say("sig.how-to", region=case.trace.api.region)))
    return Finding("SIGV4_MALFORMED_HEADER", say("sig.malformed"), tuple(evidence))


def wrong_scope(case: Case) -> Finding:
    """The credential scope names another date, region, service or terminator."""
    trace = case.trace
    parts = (trace.signature.scope.split("/") + [""] * 4)[:4]
    _, region, service, _ = parts
    evidence = (Evidence(say("sig.scope", scope=trace.signature.scope), {"scope": trace.signature.scope}),)
    if service != "execute-api":
        return Finding("SIGV4_WRONG_SERVICE", say("sig.wrong-service", service=service or "-"), evidence)
    if region != trace.api.region:
        return Finding(
            "SIGV4_WRONG_REGION", say("sig.wrong-region", region=region or "-", expected=trace.api.region), evidence
        )
    return Finding("SIGV4_MALFORMED_HEADER", say("sig.wrong-date"), evidence)


def clock(case: Case) -> Finding:
    """The signature is outside the five-minute window."""
    late = case.trace.fault is Fault.SIGNATURE_EXPIRED
    date = case.trace.request.headers.get("x-amz-date") or case.trace.request.headers.get("date") or "-"
    return Finding(
        "SIGV4_EXPIRED_SIGNATURE",
        say("sig.late" if late else "sig.early", date=date),
        (Evidence(say("sig.window")),),
    )


def unknown_key(case: Case) -> Finding:
    """No active access key has this id."""
    trace = case.trace
    key = case.key()
    evidence = [Evidence(say("sig.key", key=trace.access_key_id or "-"), {"accessKeyId": trace.access_key_id})]
    if trace.access_key_id.startswith("ASIA") and not _token(case):
        return Finding("SIGV4_SESSION_TOKEN_MISSING", say("sig.token-missing"), tuple(evidence))
    given = trace.access_key_id
    bare = re.sub(r"\s|%0[aAdD]|%20", "", given)
    if bare != given:
        known = case.bench.keyring.find(bare, trace.snapshot) is not None
        evidence.append(Evidence(say("sig.key-without-blank" if known else "sig.key-blank", key=bare)))
        return Finding("SIGV4_MALFORMED_HEADER", say("sig.blank-in-key", key=repr(given)), tuple(evidence))
    if key is not None and not key.active:
        return Finding("SIGV4_UNKNOWN_KEY", say("sig.key-inactive", key=key.id), tuple(evidence))
    return Finding("SIGV4_UNKNOWN_KEY", say("sig.key-unknown", key=trace.access_key_id or "-"), tuple(evidence))


def bad_token(case: Case) -> Finding:
    """The session token is missing or another one."""
    evidence = (Evidence(say("sig.key", key=case.trace.access_key_id or "-")),)
    token = _token(case)
    if not token or token in ("undefined", "null", "None"):
        return Finding("SIGV4_SESSION_TOKEN_MISSING", say("sig.token-missing"), evidence)
    return Finding("SIGV4_UNKNOWN_KEY", say("sig.token-other"), evidence)


def expired_session(case: Case) -> Finding:
    """Temporary credentials outlived themselves."""
    return Finding(
        "SIGV4_SESSION_EXPIRED",
        say("sig.session-expired"),
        (Evidence(say("sig.key", key=case.trace.access_key_id or "-")),),
    )


def _token(case: Case) -> str:
    headers, query = case.trace.request.headers, case.trace.request.query
    header = headers.get("x-amz-security-token")
    if header:
        return header
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if unquote(name).lower() == "x-amz-security-token":
            return unquote(value)
    return ""


class _Variant(NamedTuple):
    cause: str
    what: str
    """Id of the message that says what the client signed instead."""
    value: str
    canonical: str
    secret: str


def mismatch(case: Case) -> Finding:
    """Our canonical request against what the client must have signed."""
    trace = case.trace
    evidence: list[Evidence] = [
        Evidence(
            say("sig.canonical", text=trace.signature.canonical_request.replace("\n", "\\n")),
            {
                "canonicalRequest": trace.signature.canonical_request,
                "stringToSign": trace.signature.string_to_sign,
                "signedHeaders": trace.signature.signed_headers,
            },
        )
    ]
    absent = [
        name
        for name in trace.signature.signed_headers.split(";")
        if name and name != "host" and name not in trace.request.headers
    ]
    if absent:
        names = ", ".join(absent)
        evidence.append(Evidence(say("sig.header-absent", names=names), {"absent": absent}))
        return Finding("SIGV4_MISMATCH_HEADERS_OR_BODY", say("sig.mismatch-header", names=names), tuple(evidence))
    claimed = _claimed(case)
    key = case.key()
    if claimed and key is not None:
        for variant in _variants(case, key.secret):
            if _sign(variant, trace.signature.string_to_sign, trace.signature.scope) == claimed:
                evidence.append(Evidence(say("sig.proved"), {"signed": variant.value}))
                return Finding(variant.cause, say(variant.what, value=variant.value), tuple(evidence))
    evidence.append(Evidence(say("sig.unproved")))
    return _likeliest(case, tuple(evidence))


def _likeliest(case: Case, evidence: tuple[Evidence, ...]) -> Finding:
    request = case.trace.request
    declared = request.headers.get("x-amz-content-sha256") or ""
    if len(declared) == 64 and declared != hashlib.sha256(request.body).hexdigest():
        return Finding("SIGV4_MISMATCH_HEADERS_OR_BODY", say("sig.likely-body"), evidence)
    via = next((f"{name}: {request.headers.get(name)}" for name in _PROXIES if request.headers.get(name)), "")
    if via:
        # A proxy stands between, and a proxy sets Host anew: that is what it changes first.
        return Finding("SIGV4_MISMATCH_HOST", say("sig.likely-host", host=request.host, via=via), evidence)
    if "%" in request.raw_path or "//" in request.raw_path or "%" in request.query or "+" in request.query:
        return Finding("SIGV4_MISMATCH_URI", say("sig.likely-uri", path=request.raw_path), evidence)
    if "content-type" in case.trace.signature.signed_headers.split(";"):
        return Finding("SIGV4_MISMATCH_HEADERS_OR_BODY", say("sig.likely-header"), evidence)
    return Finding("SIGV4_WRONG_SECRET", say("sig.likely-secret", key=case.trace.access_key_id), evidence)


def _claimed(case: Case) -> str:
    request = case.trace.request
    value = request.headers.get("authorization") or ""
    if "Signature=" in value:
        return value.rsplit("Signature=", 1)[1].split(",", 1)[0].strip()
    for pair in request.query.split("&"):
        name, _, signature = pair.partition("=")
        if name == "X-Amz-Signature":
            return signature
    return ""


def _variants(case: Case, secret: str) -> Iterator[_Variant]:
    """Canonical requests that clients sign by mistake, and other secrets over ours."""
    trace, request = case.trace, case.trace.request
    ours = trace.signature.canonical_request
    lines = ours.split("\n")
    if len(lines) < 6:
        return

    def line(index: int, value: str) -> str:
        return "\n".join([*lines[:index], value, *lines[index + 1 :]])

    for other in (secret.strip(), secret + "\n", secret + " ", secret.lower()):
        if other != secret:
            yield _Variant("SIGV4_WRONG_SECRET", "sig.secret-blank", "", ours, other)
    for key in trace.snapshot.identities.keys.values():
        if key.secret != secret:
            yield _Variant("SIGV4_WRONG_SECRET", "sig.secret-other", key.id, ours, key.secret)
    raw = request.raw_path
    paths = (raw, unquote(raw), quote(raw), quote(quote(raw)), request.path, _without_stage(request.path), raw + "/")
    for path in dict.fromkeys(paths):
        if path != lines[1]:
            yield _Variant("SIGV4_MISMATCH_URI", "sig.signed-uri", path, line(1, path), secret)
    queries = (request.query, unquote(request.query), request.query.replace("+", "%20"), "")
    for query in dict.fromkeys(queries):
        if query != lines[2]:
            yield _Variant("SIGV4_MISMATCH_URI", "sig.signed-query", query, line(2, query), secret)
    for index, text in enumerate(lines[3:-2], 3):
        name, _, value = text.partition(":")
        if name == "host":
            for host in _hosts(case, value):
                yield _Variant("SIGV4_MISMATCH_HOST", "sig.signed-host", host, line(index, f"host:{host}"), secret)
        elif name == "content-type":
            for kind in ("", "application/json", "application/x-www-form-urlencoded", value.split(";")[0].strip()):
                changed = line(index, f"content-type:{kind}")
                yield _Variant("SIGV4_MISMATCH_HEADERS_OR_BODY", "sig.signed-type", kind, changed, secret)
    hashes = {
        "empty": _EMPTY,
        "UNSIGNED-PAYLOAD": "UNSIGNED-PAYLOAD",
        "declared": request.headers.get("x-amz-content-sha256") or _EMPTY,
        "sent": hashlib.sha256(request.body).hexdigest(),
    }
    for what, digest in hashes.items():
        if digest != lines[-1]:
            changed = line(len(lines) - 1, digest)
            yield _Variant("SIGV4_MISMATCH_HEADERS_OR_BODY", "sig.signed-body", what, changed, secret)


def _without_stage(path: str) -> str:
    return "/" + path.lstrip("/").partition("/")[2]


def _hosts(case: Case, ours: str) -> Iterator[str]:
    trace = case.trace
    name = ours.partition(":")[0]
    real = f"{trace.api.id}.execute-api.{trace.api.region}.amazonaws.com"
    forwarded = trace.request.headers.get("x-forwarded-host") or ""
    origin = (trace.request.headers.get("origin") or "").partition("://")[2]
    domains = [domain for domain, mappings in trace.snapshot.domains.items() if mappings]
    for host in (name, f"{name}:443", f"{name}:80", real, "localhost", "127.0.0.1", forwarded, origin, *domains):
        if host and host != ours:
            yield host


def _sign(variant: _Variant, string_to_sign: str, scope: str) -> str:
    head = string_to_sign.split("\n")[:3]
    digest = hashlib.sha256(variant.canonical.encode("utf-8", "surrogateescape")).hexdigest()
    text = "\n".join([*head, digest])
    key = ("AWS4" + variant.secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
