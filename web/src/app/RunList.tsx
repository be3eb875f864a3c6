import type { ApiClient } from "../api/client";
import { RunCard } from "./RunCard";
import { RunTable } from "./RunTable";
import { SessionCard } from "./SessionCard";
import type { Selection } from "./selection";
import { type Entry, keyOf } from "./sessions";
import type { View } from "./view";

interface RunListProps {
  entries: readonly Entry[];
  label: string;
  view: View;
  api: ApiClient;
  selection: Selection;
  onChanged(): void;
}

/** Runs as cards with their pictures, or in lines. */
export function RunList({ entries, label, view, ...given }: RunListProps) {
  if (view === "list") return <RunTable entries={entries} label={label} {...given} />;
  return (
    <ul className="js-runs" aria-label={label}>
      {entries.map((entry) =>
        "run" in entry ? (
          <RunCard key={keyOf(entry)} run={entry.run} {...given} />
        ) : (
          <SessionCard
            key={keyOf(entry)}
            session={entry.session}
            runs={entry.runs}
            api={given.api}
            selection={given.selection}
          />
        ),
      )}
    </ul>
  );
}
