import { type FormEvent, useState } from "react";
import { describe } from "../api/errors";
import { type Action, isFinal, type Tab } from "../protocol/types";
import { holdsControl } from "../store/state";
import { Button } from "./Button";
import { copySelection } from "./clipboard";
import { usePlayer, usePlayerState } from "./context";
import { addressOf } from "./format";

/** What is around a browser's page: its tabs for everybody to see; tabs, buttons and address to use while in control. */
export function BrowserBar() {
  const { ui } = usePlayer();
  const holding = usePlayerState(holdsControl);
  const page = usePlayerState((state) => state.page);
  const isOver = usePlayerState(({ run }) => run === null || isFinal(run.status));
  const isRewound = usePlayerState((state) => state.recording !== null && state.recording.atMs !== null);
  if (page === null || isOver || isRewound || ui.replayStep !== null) return null;
  if (!holding && page.tabs.length < 2) return null;
  return (
    <div className="jp-browser">
      <Tabs tabs={page.tabs} usable={holding} />
      {holding && <AddressBar key={page.url} url={page.url} />}
    </div>
  );
}

/** Returns what does one thing around the page, and says why where it could not be done. */
function useBrowse(): (action: Action) => Promise<void> {
  const { session, root } = usePlayer();
  return async (action) => {
    try {
      await session.link.request({ type: "browse", action });
      root.current?.querySelector<HTMLElement>(".jp-input")?.focus({ preventScroll: true });
    } catch (reason) {
      session.store.notify("error", describe(reason));
    }
  };
}

function Tabs({ tabs, usable }: { tabs: Tab[]; usable: boolean }) {
  const browse = useBrowse();
  return (
    <ul className="jp-browser-tabs" aria-label="Tabs of the browser">
      {tabs.map((tab) => (
        <li key={tab.index} data-active={tab.active || undefined}>
          <button
            type="button"
            className="jp-browser-tab"
            aria-current={tab.active ? "page" : undefined}
            title={tab.url}
            disabled={!usable || tab.active}
            onClick={() => browse({ type: "switch_tab", value: tab.index })}
          >
            {tab.title || tab.url || "New tab"}
          </button>
          {usable && tabs.length > 1 && (
            <Button
              icon="cross"
              label={`Close tab ${tab.index + 1}: ${tab.title || tab.url}`}
              iconOnly
              tone="quiet"
              onClick={() => browse({ type: "close_tab", value: tab.index })}
            />
          )}
        </li>
      ))}
      {usable && (
        <li>
          <Button icon="plus" label="New tab" iconOnly tone="quiet" onClick={() => browse({ type: "new_tab" })} />
        </li>
      )}
    </ul>
  );
}

function AddressBar({ url }: { url: string }) {
  const { session } = usePlayer();
  const browse = useBrowse();
  const [draft, setDraft] = useState(url);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void browse({ type: "navigate", value: addressOf(draft) });
  };
  const copy = () => void copySelection(session, { isAsked: true });
  return (
    <form className="jp-browser-address" onSubmit={submit}>
      <Button icon="back" label="Back" iconOnly tone="quiet" onClick={() => browse({ type: "back" })} />
      <Button icon="forward" label="Forward" iconOnly tone="quiet" onClick={() => browse({ type: "forward" })} />
      <Button icon="again" label="Reload the page" iconOnly tone="quiet" onClick={() => browse({ type: "reload" })} />
      <input
        aria-label="Address of the page"
        value={draft}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        inputMode="url"
        enterKeyHint="go"
        onFocus={(event) => event.target.select()}
        onChange={(event) => setDraft(event.target.value)}
      />
      <Button icon="copy" label="Copy what is selected in the page" iconOnly tone="quiet" onClick={copy} />
    </form>
  );
}
