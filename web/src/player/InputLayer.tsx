import { useEffect, useRef, useState } from "react";
import { InputCapture } from "../input/capture";
import { decodedSize } from "../media/surface";
import { copySelection } from "./clipboard";
import { usePlayer } from "./context";
import { Icon } from "./Icon";

const HELP = "Remote page. Pointer and keys go to the browser under test. Shift+Escape gives the keyboard back.";

/** Takes the pointer and the keys of the one who holds control. */
export function InputLayer() {
  const { session, root } = usePlayer();
  const area = useRef<HTMLTextAreaElement>(null);
  const [keyboard, setKeyboard] = useState(false);
  useEffect(() => {
    const element = area.current;
    if (element === null) return;
    const { link, surface } = session;
    const capture = new InputCapture(element, {
      size: () => (surface.view === null ? { width: 0, height: 0 } : decodedSize(surface.view)),
      send: (input) => void link.send(input),
      sendMove: (input) => link.sendMove(input),
      onCopy: () => void copySelection(session),
      onLeave: () => root.current?.querySelector<HTMLElement>("[data-release]")?.focus(),
    });
    element.focus({ preventScroll: true });
    return () => capture.close();
  }, [session, root]);
  const toggle = () => {
    setKeyboard(!keyboard);
    area.current?.focus({ preventScroll: true });
  };
  return (
    <>
      <textarea
        ref={area}
        className="jp-input"
        aria-label={HELP}
        autoComplete="off"
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
        inputMode={keyboard ? "text" : "none"}
      />
      <button type="button" className="jp-keyboard" aria-pressed={keyboard} onClick={toggle}>
        <Icon name="keyboard" />
        <span>Keyboard</span>
      </button>
    </>
  );
}
