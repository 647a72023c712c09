"""How a handler gets at the services: a parameter ``app: Wired``."""

from typing import Annotated

from litestar.params import Dependency

from pomona.app import App

Wired = Annotated[App, Dependency(skip_validation=True)]
"""The wired application; Litestar passes it in, unvalidated and unseen in the OpenAPI file."""
