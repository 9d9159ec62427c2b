"""Verifying a signature against signing the same request again with botocore."""

from __future__ import annotations

from bench.figures import Figure, cpu_microseconds
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sekisho.kit.headers import Headers
from sekisho.sigv4.claim import Claim, read_claim
from sekisho.sigv4.verify import VERIFIED, verify

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
HOST = "abcde12345.execute-api.us-east-1.amazonaws.com"


def _pair(path: str, query: str) -> tuple[float, float]:
    """CPU µs of our verification and of botocore's signing."""
    url = f"https://{HOST}{path}" + (f"?{query}" if query else "")
    credentials = Credentials("AKIDEXAMPLE", SECRET)
    signed = AWSRequest("GET", url, headers={"Host": HOST})
    SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(signed)
    pairs = [(name, value) for name, value in signed.headers.items()]
    now = _epoch(signed.headers["X-Amz-Date"])

    def ours() -> object:
        headers = Headers(pairs)
        claim = read_claim("GET", path, query, headers)
        assert isinstance(claim, Claim)
        found = verify(claim, "GET", path, query, headers, b"", SECRET, now)
        assert found is VERIFIED
        return found

    def theirs() -> object:
        request = AWSRequest("GET", url, headers={"Host": HOST})
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
        return request

    return cpu_microseconds(ours), cpu_microseconds(theirs)


def _epoch(date: str) -> float:
    from datetime import UTC, datetime

    return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def measure() -> list[Figure]:
    plain, plain_again = _pair("/prod/pets", "")
    query, query_again = _pair("/prod/pets", "a=1&b=two%20words&c=%2F&limit=10")
    return [
        Figure("SigV4 verification of a plain GET", plain, "µs"),
        Figure("… times as fast as re-signing with botocore", plain_again / plain, "", 3.0, None, True),
        Figure("SigV4 verification of a GET with a query", query, "µs"),
        Figure("… times as fast as re-signing with botocore", query_again / query, "", 1.8, None, True),
    ]
