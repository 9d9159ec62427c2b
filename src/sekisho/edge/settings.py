"""What a server is told when it is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


def version() -> str:
    """The installed version."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("sekisho")
    except PackageNotFoundError:
        return "0"


DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"
DEFAULT_ROOT_KEY = "test"


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of ``sekisho serve``."""

    host: str = "127.0.0.1"
    port: int = 4566
    """0: a free one."""
    data_dir: Path = Path(".sekisho")
    ephemeral: bool = False
    """State lives in a temporary folder that is removed at the end."""
    enforce_iam: bool = False
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    root_access_key: str = DEFAULT_ROOT_KEY
    root_secret_key: str = field(default=DEFAULT_ROOT_KEY, repr=False)
    insecure: bool = False
    allow_origins: tuple[str, ...] = ()
    upstreams: Mapping[str, str] = field(default_factory=dict)
    """Service → endpoint URL, for services that do not live here."""
    organization: Path | None = None
    """A file with the SCPs and RCPs of accounts; see ``edge.organization``."""
    max_sandboxes: int = 0
    """0: twice the processors."""
