"""The real product, put together: gateway, control plane, publisher, explanations, functions.

Composition is explicit: what is not named in ``TABLES`` is not served.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from typing import Any

from sekisho.config.context import CallerContext
from sekisho.config.keyring import Sessions
from sekisho.edge.execution_roles import credentials_for
from sekisho.edge.log_rights import LogRights
from sekisho.edge.logschema import Stored
from sekisho.edge.models import load_model
from sekisho.edge.product import Product, Situation
from sekisho.edge.recorder import Document
from sekisho.edge.reenact import keep
from sekisho.edge.runtimes.environment import Credentials
from sekisho.edge.sandboxes import Sandboxes
from sekisho.edge.server import Server
from sekisho.edge.settings import Settings
from sekisho.edge.trial import answering
from sekisho.functions.concurrency import Limits
from sekisho.functions.invocation import FunctionSpec
from sekisho.gateway.entry import Entrance
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.record import display, finish
from sekisho.gateway.trace import Trace
from sekisho.kit.ids import Entropy, uuid4
from sekisho.publish.publisher import publish
from sekisho.services import apigateway, apigatewayv2, iam, lambda_, logs, sts
from sekisho.services.frontdoor import CallRecord, Env, Outcome, Tables, handle
from sekisho.state.world import Key, View
from sekisho.wire.dispatch import Dispatcher
from sekisho.wire.message import WireRequest
from sekisho.wire.model import Models

TABLES: Tables = {
    "apigateway": apigateway.OPERATIONS,
    "apigatewayv2": apigatewayv2.OPERATIONS,
    "iam": iam.OPERATIONS,
    "lambda": lambda_.OPERATIONS,
    "logs": logs.OPERATIONS,
    "sts": sts.OPERATIONS,
}


class _Assembled:
    """What the functions of ``Product`` share."""

    def __init__(self, settings: Settings, entropy: Entropy) -> None:
        self.settings = settings
        self.entropy = entropy
        self.keyring = Sessions(settings.root_access_key, settings.root_secret_key, settings.account)
        self.dispatcher = Dispatcher(Models(load_model))
        self.ledger = Ledger()

    def forget(self) -> None:
        """What is known beside the world: sessions, keys of issuers, decisions."""
        self.keyring.clear()
        self.ledger.clear()

    def handle(self, request: WireRequest, source_ip: str, situation: Situation) -> Generator[Any, Any, Outcome]:
        settings = self.settings
        env = Env(
            tables=TABLES,
            dispatcher=self.dispatcher,
            snapshot=situation.snapshot,
            view=situation.view,
            keyring=self.keyring,
            now=time.time(),
            entropy=self.entropy,
            request_id=uuid4(self.entropy),
            source_ip=source_ip,
            enforce_iam=settings.enforce_iam,
            account=settings.account,
            region=settings.region,
        )
        outcome = yield from answering(
            handle(request, env),
            snapshot=situation.snapshot,
            keyring=self.keyring,
            ledger=self.ledger,
            now=env.now,
            entropy=self.entropy,
        )
        if outcome.record.problem:
            print(outcome.record.problem, file=sys.stderr, flush=True)
        return outcome

    def explain(self, found: Trace | Stored, language: str, view: View) -> Document | None:
        """Explain a trace, or the stored record of one, under the world it was judged by."""
        from sekisho.edge.explaining import explanation_for

        return explanation_for(
            found,
            language,
            view,
            keyring=self.keyring,
            tables=TABLES,
            models=self.dispatcher.models,
            entropy=self.entropy,
            region=self.settings.region,
        )


def describe(trace: Trace) -> Document:
    """The display form of a request, with its access-log line."""
    logged = finish(trace)
    document = display(trace)
    document["accessLog"] = logged[1] if logged else None
    if logged:
        log = logged[0]
        document["accessLogGroup"] = f"arn:aws:logs:{log.region}:{log.account}:log-group:{log.group}"
    return document


def denial(record: CallRecord) -> Document | None:
    """The display form of a control-plane call that policies refused; None for other failures."""
    denied = record.denied
    if denied is None:
        return None
    context = denied.question.context
    keys = context.extra if isinstance(context, CallerContext) else {}
    return {
        "requestId": record.request_id,
        "received": record.received,
        "plane": "control",
        "service": record.service,
        "operation": record.operation,
        "caller": record.caller,
        "accessKeyId": record.access_key_id,
        "account": record.account,
        "region": record.region,
        "sourceIp": record.source_ip,
        "userAgent": record.user_agent,
        "status": record.status,
        "error": {"code": record.error_code, "message": record.error_message},
        "denied": {
            "action": denied.question.action,
            "resource": denied.question.resource,
            "resourceAccount": denied.question.resource_account,
            "conditionKeys": {name: value if isinstance(value, str) else list(value) for name, value in keys.items()},
            "principal": denied.question.subject.arn,
            "verdict": denied.decision.verdict.value,
            "layer": denied.decision.layer.value if denied.decision.layer else None,
        },
    }


def product_for(settings: Settings, entropy: Entropy) -> Product[Outcome]:
    """The product for a server with these settings."""
    parts = _Assembled(settings, entropy)
    return Product(
        enter=Entrance(parts.ledger).enter,
        finish=finish,
        describe=describe,
        keep=keep,
        handle=parts.handle,
        denial=lambda outcome: denial(outcome.record),
        publish=publish,
        keyring=parts.keyring,
        loaded=parts.keyring.load,
        committed=parts.keyring.note,
        forget=parts.forget,
        explain=parts.explain,
    )


def sandboxes_for(server: Server[Outcome]) -> Sandboxes:
    """Functions as processes that call back to this server."""
    settings = server.settings
    sessions = server.product.keyring
    assert isinstance(sessions, Sessions)

    def credentials(role_arn: str, function: FunctionSpec) -> Credentials:
        return credentials_for(
            role_arn,
            function,
            snapshot=server.snapshot,
            sessions=sessions,
            entropy=server.entropy,
            wall=time.time,
        )

    def group_exists(function: FunctionSpec) -> bool:
        key = Key(function.account, function.region, "logs", "group", function.log_group)
        return server.world.get(key) is not None

    return Sandboxes(
        read_code=server.storage.read_blob,
        credentials=credentials,
        write_log=server.service_logs.write,
        endpoint_url="",
        data_dir=server.folder.path,
        upstreams={service.upper(): url for service, url in settings.upstreams.items()},
        may_log=LogRights(lambda: server.snapshot, group_exists, time.time, enforced=settings.enforce_iam),
        limits=Limits(sandboxes=settings.max_sandboxes or 2 * (os.cpu_count() or 1)),
    )
