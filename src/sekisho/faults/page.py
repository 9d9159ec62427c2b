"""The catalogue as a page for people."""

from __future__ import annotations

from sekisho.faults.face import FACES
from sekisho.faults.fault import NATURE


def failures_page() -> str:
    """``docs/failures.md``: every failure, gate by gate, as each kind of API shows it."""
    lines = [
        "# Failures",
        "",
        "Every failure that the data plane can answer, in the order of its gates. *Source* says how the row is known:",
        "`recorded` (a capture of real AWS), `documented`, `observed` (a public report) or `inferred`.",
    ]
    for kind, faces in FACES.items():
        gate = None
        for fault, face in sorted(faces.items(), key=lambda row: _ORDER.index(NATURE[row[0]].gate)):
            nature = NATURE[fault]
            if nature.gate != gate:
                gate = nature.gate
                lines += [
                    "",
                    f"## {kind.value}: {gate or 'anywhere'}",
                    "",
                    "| fault | status | body | x-amzn-ErrorType | responseType | blame | source |",
                    "|---|---|---|---|---|---|---|",
                ]
            text = face.body("{message}" if face.text == "{message}" else face.text)
            cells = (
                f"`{fault.name}`",
                str(face.status),
                f"`{text}`",
                face.error_type or "–",
                face.response_type or "–",
                nature.blame.value,
                str(face.source),
            )
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


_ORDER = ("admit", "route", "authenticate", "authorize", "throttle", "validate", "integrate", "")
