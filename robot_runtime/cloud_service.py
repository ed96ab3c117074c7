"""Asks services elsewhere, over HTTP: one call at a time, over within a limit, with an answer of bounded size."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from rt_control.errors import DynamicalError, InputError

LONGEST_REASON = 200


class ServiceUnavailable(DynamicalError):
    """Somebody elsewhere did not answer, or not usably: go on without, and ask again later."""


@dataclass(frozen=True, slots=True)
class CloudAddress:
    """Where the cloud is.

    Attributes:
        url: https://HOST[:PORT][/PATH]; plain http only to this machine, as images of a workplace go there.

    Raises:
        InputError: it is something else.
    """

    url: str

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise InputError(f"--cloud {self.url}: {error}; give https://HOST[:PORT]") from None
        if "@" in parts.netloc:
            raise InputError(f"--cloud: an address of {host} with a name or password in it; give https://HOST[:PORT]")
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise InputError(f"--cloud {self.url}: this is no address of a cloud; give https://HOST[:PORT]")
        if parts.scheme == "http" and not _is_this_machine(host):
            raise InputError(
                f"--cloud {self.url}: images would travel where everybody can read them; give https://{host}, or http"
                " to this machine alone"
            )

    def of(self, path: str) -> str:
        """Address of one of its services, e.g. `/v1/scene`."""
        return self.url.rstrip("/") + path


class CloudService:
    """One caller's connection. Blocks while it calls: for threads of their own, never for a loop."""

    def __init__(self, address: CloudAddress, limit_s: float) -> None:
        """Connects with the first call.

        Args:
            address: of the cloud.
            limit_s: after which a call has failed, whatever it waits for.
        """
        self._address = address
        self._timeout = aiohttp.ClientTimeout(total=limit_s)
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None

    def call(self, method: str, path: str, body: bytes | None = None, longest: int = 1 << 16) -> bytes:
        """Ask, and wait for the answer.

        Args:
            method: GET or POST.
            path: of the service.
            body: MessagePack.
            longest: bytes of an answer that are accepted.

        Raises:
            ServiceUnavailable: nobody answered in time, or with something else than success.
        """
        url = self._address.of(path)
        try:
            return self._runner.run(self._call(method, url, body, longest))
        except TimeoutError:
            raise ServiceUnavailable(f"{url}: no answer within {self._timeout.total:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ServiceUnavailable(f"{url}: {str(error)[:LONGEST_REASON] or type(error).__name__}") from None

    def close(self) -> None:
        """End the connection; only when no call is under way."""
        if self._session is not None:
            self._runner.run(self._session.close())
        self._runner.close()

    async def _call(self, method: str, url: str, body: bytes | None, longest: int) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        headers: Mapping[str, str] = {} if body is None else {"Content-Type": "application/msgpack"}
        async with self._session.request(method, url, data=body, headers=headers, allow_redirects=False) as response:
            answer = bytearray()
            async for piece in response.content.iter_chunked(1 << 14):
                answer += piece
                if len(answer) > longest:
                    raise ServiceUnavailable(f"{url}: the answer is longer than {longest} bytes")
            if response.status != 200:
                said = " ".join(answer[:LONGEST_REASON].decode(errors="replace").split())
                raise ServiceUnavailable(f"{url}: HTTP {response.status} {said}")
            return bytes(answer)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
