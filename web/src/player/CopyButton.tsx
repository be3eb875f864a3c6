import { describe } from "../api/errors";
import { Button } from "./Button";
import { copyText } from "./clipboard";
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
    copyText(text).then(
      () => store.notify("info", said),
      (reason: unknown) => store.notify("error", describe(reason)),
    );
  };
  return <Button icon="copy" label={label} tone={primary ? "primary" : "plain"} onClick={copy} />;
}
