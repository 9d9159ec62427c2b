"""The trie agrees with the most naive matcher that follows the written rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sekisho.config.router import Router

SEGMENTS = st.sampled_from(["a", "b", "c%2F"])
METHODS = st.sampled_from(["GET", "POST", "ANY"])


@st.composite
def templates(draw: st.DrawFn) -> str:
    """A template that REST and HTTP APIs both accept: names by depth, greedy only at the end."""
    parts = [draw(st.one_of(SEGMENTS, st.just(f"{{p{depth}}}"))) for depth in range(draw(st.integers(0, 4)))]
    if draw(st.booleans()):
        parts.append("{proxy+}")
    return "/" + "/".join(parts)


ROUTES = st.lists(st.tuples(templates(), METHODS), max_size=8, unique=True)
PATHS = st.lists(st.one_of(SEGMENTS, st.sampled_from(["x", "", "{p0}"])), max_size=5).map(lambda p: "/" + "/".join(p))


def split(template: str) -> list[str]:
    return template[1:].split("/") if template != "/" else []


def naive_rest(routes: list[tuple[str, str]], path: str, method: str) -> tuple[str, str] | None:
    """Narrow the set of templates segment by segment, never looking back."""
    bare = path.lstrip("/")
    bare = bare[:-1] if bare.endswith("/") else bare
    segments = bare.split("/") if bare else []
    alive = [(split(t), t) for t, _ in routes]
    chosen: str | None = None
    for i, segment in enumerate(segments):
        here = [(parts, t) for parts, t in alive if len(parts) > i]
        static = [(parts, t) for parts, t in here if parts[i] == segment and not parts[i].startswith("{")]
        param = [(parts, t) for parts, t in here if segment and parts[i].startswith("{") and "+" not in parts[i]]
        greedy = [(parts, t) for parts, t in here if parts[i] == "{proxy+}"]
        if static:
            alive = static
        elif param:
            alive = param
        elif greedy:
            chosen = greedy[0][1]
            break
        else:
            return None
    else:
        ended = [t for parts, t in alive if len(parts) == len(segments)]
        chosen = ended[0] if ended else None
    verbs = [m for t, m in routes if t == chosen]
    if chosen is None or not verbs:
        return None
    return (chosen, method) if method in verbs else ((chosen, "ANY") if "ANY" in verbs else None)


def naive_http(routes: list[tuple[str, str]], path: str, method: str) -> tuple[str, str] | None:
    """Of all routes that fit: full before greedy, then static before variable from the left, then verb before ANY."""
    segments = path[1:].split("/") if path != "/" else []
    fitting: list[tuple[bool, list[int], bool, tuple[str, str]]] = []
    for template, verb in routes:
        parts = split(template)
        if verb not in (method, "ANY"):
            continue
        greedy = bool(parts) and parts[-1] == "{proxy+}"
        head = parts[:-1] if greedy else parts
        if len(segments) < len(head) or (not greedy and len(segments) != len(head)):
            continue
        if greedy and not "/".join(segments[len(head) :]):
            continue
        ranks = [
            0 if not part.startswith("{") and part == s else 1 if part.startswith("{") and s else 9
            for part, s in zip(head, segments, strict=False)
        ]
        if 9 in ranks:
            continue
        fitting.append((greedy, [*ranks, 2] if greedy else ranks, verb == "ANY", (template, verb)))
    return min(fitting)[3] if fitting else None


@given(ROUTES, PATHS, st.sampled_from(["GET", "POST", "PUT"]))
def test_rest_matches_as_the_naive_matcher(routes: list[tuple[str, str]], path: str, method: str) -> None:
    router: Router[tuple[str, str]] = Router()
    for template, verb in routes:
        router.add(template, verb, (template, verb))
    match = router.match(path, method)
    assert (match.route if match else None) == naive_rest(routes, path, method)


@given(ROUTES, PATHS, st.sampled_from(["GET", "POST", "PUT"]))
def test_http_matches_as_the_naive_matcher(routes: list[tuple[str, str]], path: str, method: str) -> None:
    router: Router[tuple[str, str]] = Router(backtrack=True)
    for template, verb in routes:
        router.add(template, verb, (template, verb))
    match = router.match(path, method)
    assert (match.route if match else None) == naive_http(routes, path, method)


@given(ROUTES, PATHS)
def test_parameters_are_pieces_of_the_path(routes: list[tuple[str, str]], path: str) -> None:
    router: Router[tuple[str, str]] = Router()
    for template, verb in routes:
        router.add(template, verb, (template, verb))
    match = router.match(path, "GET")
    if match:
        names = [part.strip("{}").rstrip("+") for part in split(match.route[0]) if part.startswith("{")]
        assert sorted(match.parameters) == sorted(names)
        assert all(value in path for value in match.parameters.values())
