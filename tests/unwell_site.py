"""A site whose page goes wrong in every way that a page log tells of, once its button is pressed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

PAGE = """<!doctype html><title>Orders</title><link rel=icon href="data:,">
<script type=module>
  const status = document.querySelector("[role=status]");
  document.querySelector("#order").onclick = () => {
    console.log("pressed");
    console.warn("an old function is used");
    console.error("the cart says %s", "no", { cart: 1 });
    setTimeout(() => cart.pay());
    Promise.reject(new TypeError("nobody waits for this"));
    const picture = new Image();
    picture.src = "/missing.png?size=2";
    const foreign = new Image();
    foreign.src = "https://pictures.test/a.png";
    document.body.append(picture, foreign);
    new WebSocket(location.origin.replace("http", "ws") + "/prices");
    const headers = { Authorization: "Bearer hunter2-token", "X-Shop-Key": "k-123" };
    const address = "/api/orders?key=hunter2-value";
    fetch(address, { method: "POST", body: "{}", headers }).then(answer => {
      status.textContent = answer.ok ? "Thank you" : "Sorry";
    });
  };
  document.querySelector("#flood").onclick = () => {
    for (let line = 0; line < FLOOD; line++) console.log("line", line);
    status.textContent = "Flooded";
  };
  document.querySelector("#ask").onclick = async () => {
    for (let asked = 0; asked < FLOOD; asked += 50)
      await Promise.all(Array.from({ length: 50 }, (_, at) => fetch(`/empty?${asked + at}`)));
    status.textContent = "Asked";
  };
</script>
<button id=order>Order</button><button id=flood>Flood</button><button id=ask>Ask</button>
<a id=save href=/invoice>Save</a>
<p role=status></p>"""


@asynccontextmanager
async def unwell_site(*, flood: int = 3000) -> AsyncIterator[str]:
    """Serves it on 127.0.0.1 and gives its address; ``flood``: how many lines or requests its other buttons make."""

    async def page(_: web.Request) -> web.Response:
        policy = {"Content-Security-Policy": "img-src 'self' data:"}
        return web.Response(text=PAGE.replace("FLOOD", str(flood)), content_type="text/html", headers=policy)

    async def orders(_: web.Request) -> web.Response:
        return web.Response(status=500, text="no", headers={"Set-Cookie": "session=hunter2-cookie"})

    async def prices(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close(code=1011)
        return socket

    async def invoice(_: web.Request) -> web.Response:
        return web.Response(body=b"hello", headers={"Content-Disposition": "attachment; filename=invoice.pdf"})

    async def empty(_: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_post("/api/orders", orders)
    app.router.add_get("/prices", prices)
    app.router.add_get("/empty", empty)
    app.router.add_get("/invoice", invoice)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/"))
