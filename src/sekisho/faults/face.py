"""The whole catalogue: (kind, fault) → face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sekisho.faults import http, rest
from sekisho.faults.appearance import Face, Source
from sekisho.faults.fault import Fault, Kind

__all__ = ["FACES", "Face", "Source", "face_of"]

FACES: Final[Mapping[Kind, Mapping[Fault, Face]]] = {Kind.REST: rest.ROWS, Kind.HTTP: http.ROWS}


def face_of(kind: Kind, fault: Fault) -> Face:
    """The face of a fault; of ``INTERNAL`` where a kind's gates cannot raise it."""
    faces = FACES.get(kind) or rest.ROWS
    return faces.get(fault) or faces[Fault.INTERNAL]
