"""Where a secret may be filled in: a field in a document of one of its origins, and in no other."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import ElementHandle, Frame, Locator, Page

from control.origins import origin_of
from control.secret_rules import spoken
from runner.driver import StepFailed


@dataclass(frozen=True, slots=True)
class BoundFill:
    """Lets a value go into frames of some origins only."""

    origins: frozenset[str]

    async def admit(self, locator: Locator, within_ms: float) -> ElementHandle:
        """Returns the element in the document that was looked at. Raises StepFailed where it is of another origin."""
        element = await locator.element_handle(timeout=within_ms)
        origin = _origin(await element.owner_frame())
        if origin not in self.origins:
            raise StepFailed(
                f"The field is in a page of {origin or 'no origin'}, and the secret may be filled in at "
                f"{spoken(self.origins)} only: the run's owner can allow more by the secret's \"origins\""
            )
        return element

    def is_alone(self, page: Page) -> bool:
        """Returns whether all frames of the page are of these origins."""
        return all(_origin(frame) in self.origins for frame in page.frames)


def _origin(frame: Frame | None) -> str | None:
    """Returns the origin of the frame's document; one that its parent has written has the parent's."""
    while frame is not None and frame.url.startswith("about:"):
        frame = frame.parent_frame
    return origin_of(frame.url.removeprefix("blob:")) if frame is not None else None
