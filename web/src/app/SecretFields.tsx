import { useId, useState } from "react";
import { Button } from "../player/Button";
import type { NewRun } from "../protocol/types";
import { formSecrets, SHORTEST_SECRET } from "./newRun";

/** The secrets of a new run: any number of names, with values that are shown nowhere. */
export function SecretFields({ initial }: { initial: NewRun | null }) {
  const [rows, setRows] = useState(() => formSecrets(initial?.secrets ?? {}).map((secret, id) => ({ id, ...secret })));
  const [next, setNext] = useState(rows.length);
  const known = initial !== null && rows.length > 0;
  const add = () => {
    setRows([...rows, { id: next, name: "", value: "", origins: "" }]);
    setNext(next + 1);
  };
  return (
    <fieldset className="js-fields js-wide">
      <legend>Secrets</legend>
      <p className="jp-dim">
        Write {"{{secret:NAME}}"} where a value is to be typed. Values are shown nowhere and stand in no file.
        {known && " Those of this run have to be typed again: the server does not give them away."}
      </p>
      {rows.map((row) => (
        <SecretRow key={row.id} {...row} onRemove={() => setRows(rows.filter((each) => each !== row))} />
      ))}
      <div className="jp-buttons">
        <Button icon="plus" label="Add a secret" onClick={add} />
      </div>
    </fieldset>
  );
}

interface SecretRowProps {
  name: string;
  origins: string;
  onRemove(): void;
}

function SecretRow({ name: given, origins, onRemove }: SecretRowProps) {
  const [name, setName] = useState(given);
  const id = useId();
  return (
    <div className="js-secret">
      <label>
        Name
        <input
          name="secretName"
          required
          maxLength={100}
          pattern="[^\{\}]*[^\{\}\s][^\{\}]*"
          title="Any words without { and }"
          placeholder="PASSWORD"
          autoComplete="off"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <label>
        Value
        <input name="secretValue" type="password" required minLength={SHORTEST_SECRET} autoComplete="new-password" />
      </label>
      <label>
        Where it may be typed
        <input
          name="secretOrigins"
          placeholder="the start address"
          aria-describedby={id}
          autoComplete="off"
          spellCheck={false}
          defaultValue={origins}
        />
      </label>
      <Button icon="trash" label={`Remove ${name || "this secret"}`} iconOnly tone="quiet" onClick={onRemove} />
      <span id={id} className="jp-sr">
        Addresses such as https://login.example, or * for everywhere
      </span>
    </div>
  );
}
