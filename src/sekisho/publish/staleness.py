"""Which stages of which APIs must be compiled again after a change: the same question for both kinds of API."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sekisho.config.api import ApiSnapshot
from sekisho.state.world import Key


def stale_stages(
    changed: Collection[Key], previous: Mapping[str, ApiSnapshot], service: str, api_kind: str
) -> dict[tuple[str, str, str], set[str]]:
    """(account, region, API) → its stages to compile again; none when only the API itself changed.

    ``api_kind`` is the kind of the API's own document. A deployment concerns the stages that serve it.
    """
    stale: dict[tuple[str, str, str], set[str]] = {}
    for key in changed:
        if key.service != service or key.kind not in (api_kind, "stage", "deployment"):
            continue
        id_, _, name = key.id.partition("/")
        before = previous.get(id_)
        if key.kind == "deployment":
            serving = {stage.name for stage in before.stages.values() if stage.deployment_id == name} if before else ()
            if serving:
                stale.setdefault((key.account, key.region, id_), set()).update(serving)
        else:
            stages = stale.setdefault((key.account, key.region, id_), set())
            if key.kind == "stage":
                stages.add(name)
    return stale
