"""All I/O the data plane can ask for. A closed set; results are variants."""

from __future__ import annotations

from sekisho.functions.invocation import InvokeFunction

Effect = InvokeFunction
