import { usePlayer, usePlayerState } from "./context";
import { Icon } from "./Icon";

/** Errors and remarks, the newest last; each stays until it is put away. */
export function Notices() {
  const { store } = usePlayer().session;
  const notices = usePlayerState((state) => state.notices);
  return (
    <div className="jp-notices" role="log" aria-live="polite" aria-label="Messages">
      {notices.map(({ key, tone, text }) => (
        <div key={key} className="jp-notice" data-tone={tone}>
          <span>{text}</span>
          <button type="button" aria-label="Put away" onClick={() => store.dismiss(key)}>
            <Icon name="cross" />
          </button>
        </div>
      ))}
    </div>
  );
}
