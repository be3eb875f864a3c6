"""The page at ``/docs``: the HTTP API for people."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from signaling.http.operations import Content, Operation
from signaling.http.schemas import shape_name

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
code{font:0.9em ui-monospace,monospace;background:#f1f3f5;padding:0.1em 0.3em;border-radius:3px}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:0.4rem;
border-bottom:1px solid #dde1e6}@media(prefers-color-scheme:dark){body{background:#15181c;color:#e6e9ed}
code{background:#262b31}a{color:#8ab4ff}td,th{border-color:#333a42}}"""


def description_page(operations: Iterable[Operation]) -> str:
    """Returns the page as HTML; it needs `STYLE` at ``/docs.css`` and nothing of any other origin."""
    rows = "\n".join(_row(operation) for operation in operations)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>jumpseat: the HTTP API</title>
<link rel="stylesheet" href="/docs.css">
<h1>The HTTP API</h1>
<p>Send an API key or a share token as <code>Authorization: Bearer …</code>, or as <code>?token=…</code> where a header
cannot be set. Errors are <code>application/problem+json</code> with a <code>detail</code> that says what to do.
The full description, with every shape and every control message, is <a href="/openapi.json">/openapi.json</a>.</p>
<table>
<tr><th>Request</th><th>What it does</th><th>Body</th><th>Answer</th></tr>
{rows}
</table>
</html>
"""


def _row(operation: Operation) -> str:
    query = "&".join(f"{parameter.name}=" for parameter in operation.query)
    address = escape(operation.path + (f"?{query}" if query else ""))
    return (
        f"<tr><td><code>{operation.method} {address}</code></td><td>{escape(operation.summary)}</td>"
        f"<td>{_named(operation.body)}</td><td>{operation.status} {_named(operation.answer)}</td></tr>"
    )


def _named(content: Content | None) -> str:
    return "" if content is None else escape(shape_name(content.shape))
