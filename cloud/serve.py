"""Serves an application until it is told to end."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from rt_control.errors import InputError

BACKLOG = 64


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: address to listen at.
        port: 0: any that is free.

    Raises:
        InputError: it cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = (os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)).lower()
        raise InputError(f"--host {host} --port {port}: {reason}; name another, or end what listens there") from None


def serve(app: FastAPI, listener: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        app: to be served.
        listener: a socket that listens; closed at the end.
        ready: called with the address.
    """
    host, port = listener.getsockname()[:2]
    ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listener])
