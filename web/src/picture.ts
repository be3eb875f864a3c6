import { type RefObject, useEffect, useState } from "react";
import type { ApiClient } from "./api/client";

interface StoredPicture {
  /** Where an `<img>` finds it; null until it is there. */
  source: string | null;
  error: unknown;
}

/**
 * Loads a stored picture with the credential in a header, which an `<img>` cannot send: its address never has one. Nothing is
 * loaded while `path` is null.
 */
export function useStoredPicture(api: ApiClient, path: string | null): StoredPicture {
  const [picture, setPicture] = useState<StoredPicture>({ source: null, error: null });
  useEffect(() => {
    if (path === null) return;
    let source: string | null = null;
    let isWanted = true;
    api.picture(path).then(
      (data) => {
        if (!isWanted) return;
        source = URL.createObjectURL(data);
        setPicture({ source, error: null });
      },
      (error: unknown) => isWanted && setPicture({ source: null, error }),
    );
    return () => {
      isWanted = false;
      if (source !== null) URL.revokeObjectURL(source);
    };
  }, [api, path]);
  return picture;
}

/** Returns whether the element can be seen. */
export function useSeen(box: RefObject<Element | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false));
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, [box]);
  return seen;
}
