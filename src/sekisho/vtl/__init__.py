"""Mapping templates: the part of Velocity that API Gateway offers."""

from sekisho.vtl.render import Template, TemplateProblem, compile_template
from sekisho.vtl.scope import ContextReader, Overrides, Scope

__all__ = ["ContextReader", "Overrides", "Scope", "Template", "TemplateProblem", "compile_template"]
