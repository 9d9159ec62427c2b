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
OF_HTTP_INTEGRATIONS = {
    Fault.BACKEND_UNREACHABLE,
    Fault.BACKEND_CERTIFICATE_UNTRUSTED,
    Fault.BACKEND_ADDRESS_INVALID,
}
OF_AUTHORIZERS = {Fault.SCOPE_INSUFFICIENT, Fault.AUTHORIZER_DENIED, Fault.AUTHORIZER_EXPLICITLY_DENIED}


def test_every_fault_has_a_nature() -> None:
    assert set(NATURE) == set(Fault)


def test_rest_shows_every_fault_that_its_gates_can_raise() -> None:
    assert set(Fault) - set(REST) == OF_HTTP_INTEGRATIONS | OF_AUTHORIZERS


@pytest.mark.parametrize("fault", REST, ids=lambda fault: fault.name)
def test_templates_use_only_the_evidence_that_the_fault_needs(fault: Fault) -> None:
    face = REST[fault]
    extra = {"request_id", "status"} if NATURE[fault].gate == "integrate" else set()
    for template in (face.text or "", *face.log.values(), face.execution):
        names = {DERIVED.get(name, name) for _, name, _, _ in string.Formatter().parse(template) if name}
        assert names <= {*NATURE[fault].needs, *extra}


@pytest.mark.parametrize("fault", REST, ids=lambda fault: fault.name)
def test_bodies_are_json_or_plain(fault: Fault) -> None:
    face = REST[fault]
    evidence = dict.fromkeys(NATURE[fault].needs, 'a "quoted"\n{value}')
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
