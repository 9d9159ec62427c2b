"""The catalogue is total, its rows can be rendered, and what they say is spelled as AWS spells it."""

from __future__ import annotations

import json
import string

import pytest

from sekisho.faults.appearance import Spelling, fill, mask_account, with_article
from sekisho.faults.face import FACES, face_of
from sekisho.faults.fault import NATURE, Blame, Fault, Kind
from sekisho.faults.page import failures_page

REST = FACES[Kind.REST]
DERIVED = {"masked_resource": "resource", "a_layer": "layer"}
HTTP = FACES[Kind.HTTP]
OF_REST = {
    Fault.NO_SUCH_API,
    Fault.NO_ROUTE_WITH_AUTHORIZATION,
    Fault.API_KEY_INVALID,
    Fault.QUOTA_EXCEEDED,
    Fault.PARAMETERS_MISSING,
    Fault.BODY_INVALID,
    Fault.MEDIA_UNSUPPORTED,
    Fault.FUNCTION_METHOD_NOT_POST,
    Fault.HEADER_MAPPING_ILLEGAL,
    Fault.TEMPLATE_FAILED,
    Fault.MOCK_STATUS_MISSING,
    Fault.NO_INTEGRATION_RESPONSE,
    Fault.NO_METHOD_RESPONSE,
    Fault.BINARY_CONVERSION_FAILED,
}
ROWS = [(kind, fault) for kind in FACES for fault in FACES[kind]]


def test_every_fault_has_a_nature() -> None:
    assert set(NATURE) == set(Fault)


def test_rest_shows_every_fault_that_its_gates_can_raise() -> None:
    assert set(Fault) - set(REST) == {Fault.SCOPE_INSUFFICIENT}


def test_http_shows_every_fault_that_its_gates_can_raise() -> None:
    assert set(Fault) - set(HTTP) == OF_REST


def test_http_tells_clients_one_word_for_each_status() -> None:
    said = {(face.status, face.text) for fault, face in HTTP.items() if fault is not Fault.INTEGRATION_UNSUPPORTED}
    assert len(said) == len({status for status, _ in said})
    assert all(face.spelling is Spelling.TIGHT and not face.customisable for face in HTTP.values())


@pytest.mark.parametrize(("kind", "fault"), ROWS, ids=lambda each: each.name)
def test_templates_use_only_the_evidence_that_the_fault_needs(kind: Kind, fault: Fault) -> None:
    face = FACES[kind][fault]
    optional = {
        Fault.TOKEN_REJECTED: {"message", "www_authenticate"},
        Fault.IDENTITY_SOURCE_MISSING: {"www_authenticate"},
        Fault.SCOPE_INSUFFICIENT: {"www_authenticate"},
        Fault.AUTHORIZER_BAD_REPLY: {"reason"},
        Fault.THROTTLED: {"log"},
        Fault.FUNCTION_UNAVAILABLE: {"reason"},
    }
    extra = {"request_id", "status"} if NATURE[fault].gate == "integrate" else set()
    extra |= optional.get(fault, set())
    for template in (face.text or "", *face.log.values(), face.execution, *face.headers.values()):
        names = {DERIVED.get(name, name) for _, name, _, _ in string.Formatter().parse(template) if name}
        assert names <= {*NATURE[fault].needs, *extra}


@pytest.mark.parametrize("fault", REST, ids=lambda fault: fault.name)
def test_bodies_are_json_or_plain(fault: Fault) -> None:
    face = REST[fault]
    evidence = dict.fromkeys((*NATURE[fault].needs, "message"), 'a "quoted"\n{value}')
    body = face.body(face.message(evidence))
    if face.spelling is Spelling.PLAIN:
        assert not body.startswith("{")
    else:
        found = json.loads(body)
        assert list(found) == ["Message" if face.spelling is Spelling.CAPITAL else "message"]
        assert found.popitem()[1] == face.message(evidence)


@pytest.mark.parametrize("fault", REST, ids=lambda fault: fault.name)
def test_rows_say_where_they_are_known_from(fault: Fault) -> None:
    face = REST[fault]
    assert face.source.where
    assert 400 <= face.status <= 599
    assert face.content_type != "application/json" or face.error_type
    assert not face.customisable or face.response_type or fault is Fault.INTERNAL


def test_spacing_follows_the_stage() -> None:
    for fault, face in REST.items():
        if NATURE[fault].gate in ("validate", "integrate", ""):
            assert face.spelling is Spelling.SPACED
        else:
            assert face.spelling is not Spelling.SPACED


def test_lengths_that_were_recorded() -> None:
    lengths = {
        Fault.NO_ROUTE: 42,
        Fault.NO_SUCH_STAGE: 23,
        Fault.AUTHORIZER_BAD_REPLY: 16,
        Fault.FUNCTION_NOT_INVOCABLE: 36,
    }
    for fault, length in lengths.items():
        face = REST[fault]
        assert len(face.body(face.message({}))) == length


def test_denial() -> None:
    evidence = {
        "principal": "anonymous",
        "resource": "arn:aws:execute-api:eu-west-1:111122223333:api/v1/GET/open",
        "layer": "resource-based policy",
    }
    face = REST[Fault.RESOURCE_POLICY_EXPLICITLY_DENIED]
    assert face.body(face.message(evidence)) == (
        '{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: '
        'arn:aws:execute-api:eu-west-1:********3333:api/v1/GET/open with an explicit deny in a resource-based policy"}'
    )


def test_evidence_is_never_a_template() -> None:
    assert fill("{message}", {"message": "{principal} {0} {"}) == "{principal} {0} {"
    assert fill("{missing}", {}) == ""


def test_masking_and_articles() -> None:
    assert mask_account("no arn") == "no arn"
    assert mask_account("arn:aws:s3:::bucket") == "arn:aws:s3:::bucket"
    assert with_article("identity-based policy") == "an identity-based policy"
    assert with_article("permissions boundary") == "a permissions boundary"


def test_unknown_rows_are_internal_errors() -> None:
    assert face_of(Kind.REST, Fault.SCOPE_INSUFFICIENT) is REST[Fault.INTERNAL]


def test_page_names_every_row() -> None:
    page = failures_page()
    for fault, face in REST.items():
        assert f"| `{fault.name}` | {face.status} |" in page
    assert "## REST: authenticate" in page
    assert {blame.value for blame in Blame} >= {nature.blame.value for nature in NATURE.values()}
