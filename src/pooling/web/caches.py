"""The framework keeps the last 1 024 query strings, cookies, forms and addresses that it read, so as not to read them
twice. A stranger would fill a gigabyte of memory for good with them, and they hold what should be nowhere: codes,
tokens, keys in addresses. Here it reads each one anew.
"""

import sys

from litestar import Litestar

_KEEPING = (
    "parse_cookie_string",
    "parse_query_string",
    "parse_url_encoded_form_data",
    "create_query_default_dict",
    "parse_path_params",
)
"""The framework's functions that keep what they were given (`tests/web/test_input.py` looks for more)."""


def keep_nothing_of_requests(app: Litestar) -> None:
    """Puts the functions themselves in the place of those that keep, wherever the framework has them."""
    for module in [module for name, module in sys.modules.items() if name.startswith("litestar.")]:
        for name in _KEEPING:
            kept = vars(module).get(name)
            if kept is not None:
                setattr(module, name, getattr(kept, "__wrapped__", kept))
    router = app.asgi_router
    router.handle_routing = getattr(router.handle_routing, "__wrapped__", router.handle_routing)
