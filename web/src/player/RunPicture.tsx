import { ApiError } from "../api/errors";
import { useStoredPicture } from "../picture";
import { usePlayer } from "./context";

const HTTP_GONE = 410;
const REMOVED = "This picture was removed to make room.";
const MISSING = "This picture could not be loaded.";

/** A stored picture of the run; words in its place where it is not to be had. */
export function RunPicture({ url, alt, className }: { url: string; alt: string; className?: string }) {
  const { session } = usePlayer();
  const { source, error } = useStoredPicture(session.api, url);
  if (error === null) return <img className={className} src={source ?? undefined} alt={alt} />;
  return (
    <p className="jp-missing" role="status">
      {error instanceof ApiError && error.status === HTTP_GONE ? REMOVED : MISSING}
    </p>
  );
}
