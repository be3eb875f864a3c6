import { describe } from "../api/errors";
import type { Locators } from "../protocol/types";
import { Button } from "./Button";
import { copyText } from "./clipboard";
import { usePlayer } from "./context";

const LANGUAGES = { python: "Python", typescript: "TypeScript" } as const;

/** Copies a selector as the locator that a test in each language has. */
export function CopyLocator({ selector }: { selector: string }) {
  const { session } = usePlayer();
  const copy = async (language: keyof typeof LANGUAGES) => {
    try {
      const locators: Locators = await session.api.locators(selector);
      const text = locators[language];
      if (text === null) return session.store.notify("error", "The selector has a secret in it.");
      const copied = await copyText(text).then(
        () => true,
        () => false,
      );
      session.store.notify("info", copied ? `On the clipboard: ${text}` : `To be copied by hand: ${text}`);
    } catch (reason) {
      session.store.notify("error", describe(reason));
    }
  };
  return (
    <fieldset className="jp-copy" aria-label="Copy as a locator">
      {Object.entries(LANGUAGES).map(([language, name]) => (
        <Button
          key={language}
          icon="copy"
          label={name}
          tone="quiet"
          title={`Copy as a locator for ${name}`}
          onClick={() => void copy(language as keyof typeof LANGUAGES)}
        />
      ))}
    </fieldset>
  );
}
