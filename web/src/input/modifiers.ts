import type { Modifier } from "../protocol/messages";

type Keys = Pick<MouseEvent, "altKey" | "ctrlKey" | "metaKey" | "shiftKey">;

/** The remote browser does not run on a Mac: its shortcuts want Control where a Mac's keyboard has Command. */
export const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);

export function modifiersOf({ altKey, ctrlKey, metaKey, shiftKey }: Keys): Modifier[] {
  const mac = isMac();
  const all: [Modifier, boolean][] = [
    ["Alt", altKey],
    ["Control", ctrlKey || (mac && metaKey)],
    ["Meta", metaKey && !mac],
    ["Shift", shiftKey],
  ];
  return all.filter(([, isDown]) => isDown).map(([name]) => name);
}

/** Returns `key` and `code` as the remote browser shall see them. */
export function remoteKey({ key, code }: { key: string; code: string }): { key: string; code: string } {
  if (!isMac() || key !== "Meta") return { key, code };
  return { key: "Control", code: code.replace("Meta", "Control") };
}
