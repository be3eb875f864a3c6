"""Which model decides, and how much of it a run may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """Which model, and how much of it one run may use."""

    model: str
    """``provider:name``, such as ``openai:gpt-5`` or ``anthropic:claude-sonnet-4-6``. ``openai`` is any endpoint
    with OpenAI's chat completions; ``openai-responses`` for OpenAI's newer interface."""
    base_url: str | None = None
    """None: the provider's usual variable (``OPENAI_BASE_URL``), else its own address."""
    api_key: str | None = None
    """None: the provider's usual variable (``OPENAI_API_KEY``, ``ANTHROPIC_API_KEY``)."""
    stream: bool = False
    """Ask for a streamed answer."""
    screenshots: bool = False
    """Send a picture of the page too. Never done in a run that has secrets, as a picture cannot be masked."""
    call_seconds: float = 60.0
    """The longest that one decision may take, its retries included."""
    max_seconds: float = 3600.0
    """The longest that one run may wait for the model, all its decisions together."""
    max_calls: int = 200
    """Requests to the model in one run, retries of malformed answers included."""
    max_tokens: int = 1_000_000
    """Input and output tokens in one run."""
    max_cost_usd: float | None = None
    """US dollars in one run; None: no limit. A model whose price is not known is not asked under a limit."""
    history: int = 30
    """How many of the run's last steps are sent to the model."""
    page_chars: int = 20_000
    """How many characters of the page's snapshot are sent to the model."""
    malformed_retries: int = 2
    """How often the model may mend an answer that cannot be read."""
    service_retries: int = 3
    """How often a call is repeated after 429, 5xx or a broken connection."""
    longest_wait: float = 30.0
    """Seconds: a service that asks for more patience (``Retry-After``) is not waited for."""
