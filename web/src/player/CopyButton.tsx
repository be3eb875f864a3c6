import { Button } from "./Button";
import { usePlayer } from "./context";

/** Puts a text on the clipboard and says whether that worked. */
export function CopyButton({
  label,
  text,
  said,
  primary,
}: {
  label: string;
  text: string;
  said: string;
  primary?: boolean;
}) {
  const { store } = usePlayer().session;
  const copy = () => {
    const done = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error());
    done.then(
      () => store.notify("info", said),
      () => store.notify("error", "The browser did not allow copying: select the text by hand."),
    );
  };
  return <Button icon="copy" label={label} tone={primary ? "primary" : "plain"} onClick={copy} />;
}
