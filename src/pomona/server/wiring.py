"""How a handler gets at the services: a parameter ``app: Wired``."""

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from pomona.app import App

Wired = NamedDependency[SkipValidation[App]]
"""The wired application; Litestar passes it in, unvalidated and unseen in the OpenAPI file."""
