import { useState } from "react";
import type { NewRun } from "../protocol/types";
import { Choice } from "./Choice";
import { DEFAULT_HELP_SECONDS, DEFAULT_STEP_SECONDS, OTHER_VIEWPORT, SECONDS, VIEWPORTS } from "./newRun";

const UNSAID = "As the server is set";

/** How a new run is carried out: all of it may be left to the server. */
export function RunOptions({ initial }: { initial: NewRun | null }) {
  return (
    <fieldset className="js-fields js-wide">
      <legend>Browser and limits</legend>
      <div className="js-columns">
        <Viewport initial={initial?.viewport ?? null} />
        <Choice
          name="browser"
          label="Browser"
          none={UNSAID}
          names={{ chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" }}
          defaultValue={initial?.browser ?? ""}
        />
        <Choice
          name="record"
          label="Recording"
          none={UNSAID}
          names={{ off: "No recording", on: "Record it", "on-failure": "Keep one if it fails" }}
          defaultValue={initial?.record ?? ""}
        />
        <Seconds
          name="stepSeconds"
          label="A step may take"
          least={0.1}
          most={600}
          otherwise={DEFAULT_STEP_SECONDS}
          value={initial?.stepTimeoutMs}
        />
        <Seconds
          name="helpSeconds"
          label="Waits for help"
          least={0}
          most={86_400}
          otherwise={DEFAULT_HELP_SECONDS}
          value={initial?.helpTimeoutMs}
        />
      </div>
      <Hosts initial={initial?.allowHosts ?? null} />
    </fieldset>
  );
}

function Viewport({ initial }: { initial: { width: number; height: number } | null }) {
  const named = initial === null ? "" : `${initial.width}x${initial.height}`;
  const [choice, setChoice] = useState(named === "" || named in VIEWPORTS ? named : OTHER_VIEWPORT);
  return (
    <>
      <Choice
        name="viewport"
        label="Size of the page"
        none={UNSAID}
        names={{ ...VIEWPORTS, [OTHER_VIEWPORT]: "Another size" }}
        value={choice}
        onChange={(event) => setChoice(event.target.value)}
      />
      {choice === OTHER_VIEWPORT && (
        <div className="js-size">
          <label>
            Width
            <input name="width" type="number" min={100} max={4096} required defaultValue={initial?.width ?? ""} />
          </label>
          <label>
            Height
            <input name="height" type="number" min={100} max={4096} required defaultValue={initial?.height ?? ""} />
          </label>
        </div>
      )}
    </>
  );
}

interface SecondsProps {
  name: string;
  label: string;
  least: number;
  most: number;
  otherwise: number;
  /** Milliseconds. */
  value: number | undefined;
}

function Seconds({ name, label, least, most, otherwise, value }: SecondsProps) {
  return (
    <label>
      <span>
        {label} <span className="jp-dim">(seconds)</span>
      </span>
      <input
        name={name}
        type="number"
        min={least}
        max={most}
        step="any"
        placeholder={String(otherwise)}
        defaultValue={value === undefined ? "" : value / SECONDS}
      />
    </label>
  );
}

function Hosts({ initial }: { initial: readonly string[] | null }) {
  const [limited, setLimited] = useState(initial !== null);
  return (
    <div className="jp-field">
      <label className="jp-check">
        <input
          name="limitHosts"
          type="checkbox"
          checked={limited}
          onChange={(event) => setLimited(event.target.checked)}
        />
        Its pages may reach chosen hosts only
      </label>
      {limited && (
        <label>
          Hosts, besides the start address’s
          <input
            name="allowHosts"
            placeholder="cdn.example *.shop.example"
            autoComplete="off"
            spellCheck={false}
            defaultValue={(initial ?? []).join(" ")}
          />
        </label>
      )}
    </div>
  );
}
