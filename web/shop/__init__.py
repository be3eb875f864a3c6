"""The sample shop: a small site of our own for `jumpseat demo` and for end-to-end tests.

Static pages without any other origin. What a visitor does is kept in the browser's own storage, so every browser
context starts with an empty cart. Pages, each with accessible names throughout:

`/`                 products, search, a menu that opens on hover; `?rename=1` renames the cart's "Checkout" button to
                    "Proceed to payment" until `?rename=0`
`/products/{slug}`  one product, colour and quantity, "Add to cart"
`/cart`             quantities, "Remove" (asks by a native `confirm`), a boarding pass to drag for a discount
`/checkout`         the form: name, email, address, country, delivery, a picture to upload, terms
`/thanks`           the order's number
`/timecode.html`    the current time as blocks that a program can read from a picture; see `pages/timecode.js`
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

__all__ = ["DEMO_INSTRUCTIONS", "PAGES", "serving_shop", "shop_app"]

PAGES = Path(__file__).parent / "pages"

# Waits are for the person who watches: without them the run is over before the picture has been looked at.
DEMO_INSTRUCTIONS = """\
Expect to see 'Pack light, land well'
Wait 4 seconds
Hover over 'Collections'
Wait 3 seconds
Click 'In the cabin'
Wait 3 seconds
Click 'Orbit neck pillow'
Select 'Dusk' in 'Colour'
Wait 3 seconds
Click 'Add to cart'
Wait for 'Orbit neck pillow is in your cart'
Wait 3 seconds
Go to /
Type 'weekender' into 'Search'
Press Enter
Wait 3 seconds
Click 'Weekender bag'
Click 'Add to cart'
Wait for 'Weekender bag is in your cart'
Go to /cart
Wait 4 seconds
Click 'Checkout'
Type 'Ada Lovelace' into 'Name'
Type 'ada@example.com' into 'Email'
Type '12 Analytical Street' into 'Address'
Select 'France' in 'Country'
Check 'Express'
Scroll down
Wait 3 seconds
Check 'I agree'
Click 'Place order'
Wait for 'Thank you'
Expect to see 'Order #'
Wait 4 seconds
"""
"""One sentence a line, in the grammar of the plain planner; about a minute on the shop's start page."""

_CLEAN_URLS = {
    "/": "index.html",
    "/products/{slug}": "product.html",
    "/cart": "cart.html",
    "/checkout": "checkout.html",
    "/thanks": "thanks.html",
    "/timecode.html": "timecode.html",
}
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def shop_app() -> web.Application:
    """The shop as an application of its own, to be served on a port of its own."""
    app = web.Application()
    app.on_response_prepare.append(_add_headers)
    for path, file in _CLEAN_URLS.items():
        app.router.add_get(path, _page(PAGES / file))
    app.router.add_static("/assets", PAGES)
    return app


@asynccontextmanager
async def serving_shop() -> AsyncIterator[str]:
    """The shop on a free loopback port; its address, without a slash at the end."""
    runner = web.AppRunner(shop_app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _page(file: Path) -> Callable[[web.Request], Awaitable[web.FileResponse]]:
    async def serve(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(file)

    return serve


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
