"""STS: temporary credentials."""

from sekisho.services.operation import compose
from sekisho.services.sts import assume_role, tokens

OPERATIONS = compose((assume_role.ops, tokens.ops))
