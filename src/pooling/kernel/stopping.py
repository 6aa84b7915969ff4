"""How what goes on for ever ends."""

import asyncio


def end_if_cancelled() -> None:
    """Asked where a failure is borne: whoever was told to stop stops, also when what was interrupted tells of something
    else in its place, such as a connection that broke off. The cancellation would be lost with it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
