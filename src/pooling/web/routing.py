"""Routes put together once, in the application.

The framework makes each route anew in every router that it stands in, copies routers, and gives each address a handler
of its own for OPTIONS, which is answered before a route is looked for (`web/head.py`). Two fifths of all handlers were
such, and seven tenths of all routes were what routers kept: 8 MB of every process, and half of the time to put it
together.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Self

from litestar import Router
from litestar.enums import HttpMethod
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import HTTPRouteHandler
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler
from litestar.types.internal_types import PathParameterDefinition, RouteHandlerMapItem
from litestar.utils.path import join_paths


class Routes(Router):
    """What stands under one beginning of addresses: found here, made in the application."""

    def __init__(self, path: str, *, route_handlers: Sequence[ControllerRouterHandler], **named: Any) -> None:  # noqa: ANN401 - the framework's
        self.found: dict[str, RouteHandlerMapItem] = defaultdict(dict)
        super().__init__(path, route_handlers=route_handlers, **named)

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        """Raises:
        ImproperlyConfiguredException: two handlers answer one address asked in one way.
        """
        for beneath, handlers in self.get_route_handler_map(self._validate_registration_value(value)).items():
            path = join_paths([self.path, beneath])
            if twice := self.found[path].keys() & handlers.keys():
                raise ImproperlyConfiguredException(f"{path}: two handlers for {', '.join(sorted(twice))}")
            self.found[path].update(handlers)
        return []

    @property
    def route_handler_method_map(self) -> dict[str, RouteHandlerMapItem]:
        return self.found

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class AllRoutes(Routes):
    """Those of an application, each of which has one handler for OPTIONS: the same."""

    def __init__(self, route_handlers: Sequence[ControllerRouterHandler]) -> None:
        super().__init__("/", route_handlers=route_handlers)
        options = _Options()
        options.owner = self
        for handlers in self.found.values():
            handlers["OPTIONS"] = options


async def _nobody_asks() -> None:
    """`web/head.py` answers."""


class _Options(HTTPRouteHandler):
    def __init__(self) -> None:
        super().__init__("/", http_method=HttpMethod.OPTIONS, include_in_schema=False)
        self(_nobody_asks)
        self._takes: Any = None

    def create_kwargs_model(self, path_parameters: dict[str, PathParameterDefinition]) -> Any:  # noqa: ANN401, ARG002 - as the framework has it
        """The same everywhere, for it takes nothing."""
        if self._takes is None:
            self._takes = super().create_kwargs_model({})
        return self._takes
