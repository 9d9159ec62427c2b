"""Explanations as JSON for machines and as text for people, in English or Japanese."""

from __future__ import annotations

from typing import Any

from sekisho.explain.commands import command_line
from sekisho.explain.explanation import Evidence, Explanation, Remedy
from sekisho.explain.messages import render

LANGUAGES = ("en", "ja")

_HEADINGS = {
    "en": {
        "why": "why",
        "blame": "blame",
        "cause": "cause",
        "gate": "refused at gate",
        "evidence": "evidence",
        "remedy": "remedy",
        "tried": "tried: the request was played again after these calls and got as far as",
        "none": "no change to the configuration that was tried cures this request",
        "none-caller": "nothing in the configuration needs to change: send another request",
        "none-function": "nothing in the configuration needs to change: change the function's code",
        "response": "its answer",
        "http-call": "the call of the backend (whose answer is not known)",
        "authorizer-call": "the call of the authorizer's function (whose answer is not known)",
        "also": "also concerned",
        "function-call": "the call of the function (whose answer is not known, it never ran)",
        "template": "in a SAM template",
        "caution": "caution",
        "opens": "it also opens",
    },
    "ja": {
        "why": "理由",
        "blame": "責任の所在",
        "cause": "原因",
        "gate": "拒否したゲート",
        "evidence": "証拠",
        "remedy": "対処",
        "tried": "検証済み: この呼び出しの後にリクエストを再実行し、次まで到達しました:",
        "blame-caller": "呼び出し元",
        "blame-configuration": "設定",
        "blame-function": "関数",
        "none": "試した設定変更の中に、このリクエストを直すものはありませんでした",
        "none-caller": "設定の変更は不要です。リクエストを直してください",
        "none-function": "設定の変更は不要です。関数のコードを直してください",
        "response": "応答",
        "http-call": "バックエンドの呼び出し（応答は不明）",
        "authorizer-call": "オーソライザーの関数の呼び出し（応答は不明）",
        "also": "関連する原因",
        "function-call": "関数の呼び出し（未実行のため応答は不明）",
        "template": "SAM テンプレートでは",
        "caution": "注意",
        "opens": "次も許可されます",
    },
}


def as_json(explanation: Explanation, lang: str = "en", *, region: str = "") -> dict[str, Any]:
    """The JSON form of ``GET /_sekisho/requests/{id}/explanation``."""
    return {
        "requestId": explanation.request_id,
        "fault": explanation.fault,
        "cause": explanation.cause,
        "also": list(explanation.also),
        "blame": explanation.blame,
        "gate": explanation.gate,
        "headline": render(explanation.headline, lang),
        "evidence": [_evidence(item, lang) for item in explanation.evidence],
        "remedies": [_remedy(item, lang, region) for item in explanation.remedies],
        "source": explanation.source,
        "lang": lang,
    }


def _evidence(item: Evidence, lang: str) -> dict[str, Any]:
    return {
        "text": render(item.said, lang),
        "kind": item.said.id,
        **({"details": item.details} if item.details else {}),
    }


def _opens(item: Remedy, lang: str) -> str:
    """What a remedy allows beyond the request, in words; empty when nothing."""
    said = [render(item.candidate.grants, lang)] if item.candidate.grants else []
    if item.opens:
        who, action, resource = item.opens[0]
        more = f" (+{len(item.opens) - 1})" if len(item.opens) > 1 else ""
        said.append(f"{_HEADINGS[lang]['opens']}: {who}, {action}, {resource}{more}")
    return " ".join(said)


def _remedy(item: Remedy, lang: str, region: str) -> dict[str, Any]:
    candidate = item.candidate
    return {
        "summary": render(candidate.summary, lang),
        "patch": [
            {"service": call.service, "operation": call.operation, "parameters": dict(call.parameters)}
            for call in candidate.calls
        ],
        "commands": [command_line(call, region=region) for call in candidate.calls],
        "answer": candidate.answer,
        "template": candidate.template,
        "opens": _opens(item, lang),
        "opened": [{"principal": who, "action": action, "resource": resource} for who, action, resource in item.opens],
        "proven": item.proven,
        "proven_up_to": item.proven_up_to,
    }


def as_text(found: dict[str, Any], lang: str = "en") -> str:
    """The JSON form, laid out for a terminal."""
    words = _HEADINGS[lang]
    marks = [(words["blame"], words.get(f"blame-{found['blame']}", found["blame"])), (words["cause"], found["cause"])]
    if found.get("also"):
        marks.append((words["also"], ", ".join(found["also"])))
    marks.append((words["gate"], f"{found['gate']} ({found['fault']})" if found["gate"] else ""))
    lines = [
        found["headline"],
        " · ".join(f"{name}: {value}" for name, value in marks if value),
        "",
        f"{words['evidence']}:",
    ]
    lines += [f"  - {item['text']}" for item in found["evidence"]]
    for number, remedy in enumerate(found["remedies"], 1):
        lines += ["", f"{words['remedy']} {number}: {remedy['summary']}"]
        lines += [f"    $ {command}" for command in remedy["commands"]]
        if remedy["answer"]:
            lines.append(f"    → {remedy['answer']}")
        if remedy["opens"]:
            lines.append(f"    {words['caution']}: {remedy['opens']}")
        if remedy["template"]:
            lines.append(f"    {words['template']}:")
            lines += [f"      {line}" for line in remedy["template"].splitlines()]
        reached = words.get(remedy["proven_up_to"], remedy["proven_up_to"])
        lines.append(f"    {words['tried']} {reached}")
    if not found["remedies"]:
        lines += ["", words.get(f"none-{found['blame']}", words["none"])]
    return "\n".join(lines)
