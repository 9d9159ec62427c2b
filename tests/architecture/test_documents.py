"""Generated documents say what the code does; composed tables fit the service models."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenes.service_models import MODELS

from sekisho.edge.assembly import TABLES
from sekisho.edge.documents import pages
from sekisho.wire.conformance import check_tables

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_generated_documents_are_current(name: str) -> None:
    path = DOCS / name
    assert path.is_file() and path.read_text(encoding="utf-8") == PAGES[name], "run `make docs`"


def test_operations_fit_the_service_models() -> None:
    assert check_tables(TABLES, MODELS) == []
