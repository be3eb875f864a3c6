import { useMemo, useState } from "react";
import { ApiClient } from "../api/client";
import { keepToken } from "../api/token";
import { Dashboard } from "./Dashboard";
import { usePath } from "./path";
import { useTheme } from "./theme";
import { WatchPage } from "./WatchPage";

/** Two pages: `/` is the dashboard, `/runs/{runId}` the watch page. */
export function App({ token: given }: { token: string | null }) {
  const [token, setToken] = useState(given);
  const path = usePath();
  const theme = useTheme();
  const api = useMemo(() => new ApiClient({ token }), [token]);
  const runId = /^\/runs\/([^/]+)\/?$/.exec(path)?.[1];
  const signIn = (key: string) => {
    keepToken(key);
    setToken(key);
  };
  return (
    <div className="js-app" data-theme={theme.value}>
      {runId === undefined ? (
        <Dashboard api={api} theme={theme} onSignIn={signIn} />
      ) : (
        <WatchPage runId={decodeURIComponent(runId)} api={api} theme={theme} onSignIn={signIn} />
      )}
    </div>
  );
}
