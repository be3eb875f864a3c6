import { useMemo, useState } from "react";
import { ApiClient } from "../api/client";
import { keepToken } from "../api/token";
import { Dashboard } from "./Dashboard";
import { Header } from "./Header";
import { NotFound } from "./NotFound";
import { usePath } from "./path";
import { SessionPage } from "./SessionPage";
import { useTheme } from "./theme";
import { WatchPage } from "./WatchPage";

/** The pages: `/` is the dashboard, `/sessions/{sessionId}` one attach session, `/runs/{runId}` the watch page. */
export function App({ token: given }: { token: string | null }) {
  const [token, setToken] = useState(given);
  const path = usePath();
  const theme = useTheme();
  const api = useMemo(() => new ApiClient({ token }), [token]);
  const [, kind, id] = /^\/(runs|sessions)\/([^/]+)\/?$/.exec(path) ?? [];
  const signIn = (key: string) => {
    keepToken(key);
    setToken(key);
  };
  return (
    <div className="js-app" data-theme={theme.value}>
      {path === "/" && <Dashboard api={api} theme={theme} onSignIn={signIn} />}
      {path !== "/" && id === undefined && (
        <>
          <Header theme={theme} />
          <NotFound title="There is nothing at this address" text="Perhaps a part of it was lost on the way here." />
        </>
      )}
      {id !== undefined && kind === "runs" && (
        <WatchPage runId={decodeURIComponent(id)} api={api} theme={theme} onSignIn={signIn} />
      )}
      {id !== undefined && kind === "sessions" && (
        <SessionPage key={id} sessionId={decodeURIComponent(id)} api={api} theme={theme} onSignIn={signIn} />
      )}
    </div>
  );
}
