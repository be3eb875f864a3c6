import { Button } from "../player/Button";
import { PLANNER_NAMES, STATUS_NAMES } from "../player/format";
import { Choice } from "./Choice";
import { setParameter } from "./path";
import type { Filters } from "./useFilters";
import type { View } from "./view";

interface FilterBarProps {
  filters: Filters;
  view: View;
  onView(view: View): void;
}

/** What the list is filtered by, and how it is shown. */
export function FilterBar({ filters, view, onView }: FilterBarProps) {
  return (
    <search className="js-filters">
      <label className="js-search">
        <span className="jp-sr">Search</span>
        <input
          type="search"
          placeholder="Name, address, instructions"
          maxLength={200}
          value={filters.search}
          onChange={(event) => filters.setSearch(event.target.value)}
        />
      </label>
      <Choice
        label="Status"
        unlabelled
        none="Any status"
        names={STATUS_NAMES}
        value={filters.wanted.status ?? ""}
        onChange={(event) => setParameter("status", event.target.value)}
      />
      <Choice
        label="Planner"
        unlabelled
        none="Any planner"
        names={PLANNER_NAMES}
        value={filters.wanted.planner ?? ""}
        onChange={(event) => setParameter("planner", event.target.value)}
      />
      <fieldset className="js-views">
        <legend className="jp-sr">Show as</legend>
        <Button icon="cards" label="Cards" iconOnly aria-pressed={view === "cards"} onClick={() => onView("cards")} />
        <Button icon="list" label="List" iconOnly aria-pressed={view === "list"} onClick={() => onView("list")} />
      </fieldset>
    </search>
  );
}
