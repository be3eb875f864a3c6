import { afterEach, describe, expect, it, vi } from "vitest";
import type { ApiClient } from "../src/api/client";
import { keepsTrace, openTrace } from "../src/player/OpenTrace";
import type { Run } from "../src/protocol/types";

const api = (isSecure: boolean) => ({
  isSecure,
  trace: vi.fn(async () => new File(["zip"], "r-trace.zip")),
  traceViewer: vi.fn(async () => "http://localhost/trace-viewer/?trace=x"),
});
const opened = (made: ReturnType<typeof api>) => openTrace(made as unknown as ApiClient, "r");

describe("the trace of a run", () => {
  const saved = vi.fn();

  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    saved.mockReset();
  });

  const saving = () => {
    vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:x", revokeObjectURL: () => undefined }));
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLElement) {
      saved((this as HTMLAnchorElement).download);
    });
  };

  it.each([
    ["running", "on", false],
    ["failed", "off", false],
    ["failed", "on-failure", true],
    ["cancelled", "on-failure", true],
    ["passed", "on-failure", false],
    ["passed", "on", true],
  ])("is there of a run that %s and was traced %s: %s", (status, trace, kept) => {
    expect(keepsTrace({ status, trace } as Run)).toBe(kept);
  });

  it("is shown in a tab that knows nothing of the page that opened it", async () => {
    const tab = { opener: window, location: { replace: vi.fn() }, close: vi.fn() };
    vi.spyOn(window, "open").mockReturnValue(tab as unknown as Window);
    await opened(api(true));
    expect(tab.location.replace).toHaveBeenCalledWith("http://localhost/trace-viewer/?trace=x");
    expect(tab.opener).toBeNull();
  });

  it("leaves no empty tab behind where the server refuses it", async () => {
    const tab = { close: vi.fn() };
    vi.spyOn(window, "open").mockReturnValue(tab as unknown as Window);
    const made = api(true);
    made.traceViewer.mockRejectedValueOnce(new Error("not there"));
    await expect(opened(made)).rejects.toThrow("not there");
    expect(tab.close).toHaveBeenCalled();
  });

  it.each([false, true])("is saved where the viewer cannot be: a page that is secure: %s", async (isSecure) => {
    saving();
    vi.spyOn(window, "open").mockReturnValue(null);
    await opened(api(isSecure));
    expect(saved).toHaveBeenCalledWith("r-trace.zip");
  });
});
