import { useState } from "react";
import { ApiError } from "../api/errors";
import { usePlayer } from "./context";

const HTTP_GONE = 410;
const REMOVED = "This picture was removed to make room.";
const MISSING = "This picture could not be loaded.";

/** A stored picture of the run; words in its place where it is not to be had. */
export function RunPicture({ url, alt, className }: { url: string; alt: string; className?: string }) {
  const { session } = usePlayer();
  const [missing, setMissing] = useState<string | null>(null);
  // An image does not say why it failed: the server is asked once more.
  const explain = async () => {
    const isGone = (error: unknown) => error instanceof ApiError && error.status === HTTP_GONE;
    const why = await session.api.request(url).then(
      () => MISSING,
      (error: unknown) => (isGone(error) ? REMOVED : MISSING),
    );
    setMissing(why);
  };
  if (missing === null) {
    return <img className={className} src={session.imageUrl(url)} alt={alt} onError={() => void explain()} />;
  }
  return (
    <p className="jp-missing" role="status">
      {missing}
    </p>
  );
}
