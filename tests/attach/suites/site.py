"""What both suites are about: the sample shop, and beside it pages with what makes tests awkward.

`python -m tests.attach.suites.site` serves both until it is stopped, and prints the variables that the suites read.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from web.shop import serving_shop

PAGES = Path(__file__).parent / "pages"
CSV = "product,sold\nmug,3\nhush,1\n"


@dataclass(frozen=True)
class SuiteSite:
    """Two origins, without a slash at the end."""

    shop: str
    pages: str
    """The awkward pages; by `localhost` they are another site."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that both suites read."""
        return {"SHOP_URL": self.shop, "PAGES_URL": self.pages}


@asynccontextmanager
async def serving_suite_site() -> AsyncIterator[SuiteSite]:
    """Serves both on free loopback ports."""
    runner = web.AppRunner(_app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with serving_shop() as shop:
            yield SuiteSite(shop, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


def _app() -> web.Application:
    app = web.Application()
    app.router.add_get("/api/quote", _quote)
    app.router.add_get("/api/headers", _headers)
    app.router.add_post("/api/orders", _orders)
    app.router.add_post("/api/upload", _upload)
    app.router.add_get("/download/report.csv", _download)
    app.router.add_get("/moved", _moved)
    app.router.add_post("/login", _login)
    app.router.add_get("/account", _account)
    app.router.add_get("/favicon.ico", _nothing)
    app.router.add_static("/", PAGES)
    return app


async def _quote(_request: web.Request) -> web.Response:
    return web.json_response({"text": "Travel light", "by": "the server"})


async def _headers(request: web.Request) -> web.Response:
    return web.json_response({name.lower(): value for name, value in request.headers.items()})


async def _orders(request: web.Request) -> web.Response:
    order = await request.json()
    if "item" not in order:
        return web.json_response({"error": "which item?"}, status=422)
    return web.json_response({"id": 7, **order}, status=201)


async def _upload(request: web.Request) -> web.Response:
    form = await request.post()
    files = [each for each in form.values() if isinstance(each, web.FileField)]
    return web.json_response([{"name": each.filename, "size": len(each.file.read())} for each in files])


async def _download(_request: web.Request) -> web.Response:
    return web.Response(
        text=CSV, content_type="text/csv", headers={"Content-Disposition": 'attachment; filename="report.csv"'}
    )


async def _moved(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/gestures.html")


async def _login(request: web.Request) -> web.Response:
    form = await request.post()
    if form.get("password") != "fly-me":
        return web.Response(text="<h1>Wrong password</h1>", content_type="text/html", status=403)
    answer = web.HTTPSeeOther("/account")
    answer.set_cookie("member", str(form.get("user", "")), httponly=True, samesite="Lax")
    raise answer


async def _account(request: web.Request) -> web.Response:
    member = request.cookies.get("member")
    if member is None:
        raise web.HTTPFound("/login.html")
    greeting = f"<title>Account</title><h1>Hello {member}</h1><script>localStorage.seen = 'yes'</script>"
    return web.Response(text=greeting, content_type="text/html")


async def _nothing(_request: web.Request) -> web.Response:
    return web.Response(status=204)


async def main() -> None:
    """Serves until it is stopped."""
    async with serving_suite_site() as site:
        for name, value in site.variables.items():
            print(f"export {name}={value}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(main()))
