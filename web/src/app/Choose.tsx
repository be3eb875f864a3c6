import { useEffect, useRef } from "react";
import type { Selection } from "./selection";

interface ChooseProps {
  /** The runs that the entry stands for. */
  ids: readonly string[];
  name: string;
  selection: Selection;
}

/** The box by which an entry of the list is selected; with Shift, all from the one before to it. */
export function Choose({ ids, name, selection }: ChooseProps) {
  const count = ids.filter((id) => selection.chosen.has(id)).length;
  const all = count === ids.length;
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = count > 0 && !all;
  }, [count, all]);
  return (
    <label className="js-choose">
      <input
        ref={box}
        type="checkbox"
        aria-label={`Select ${name}`}
        checked={all}
        onChange={({ currentTarget, nativeEvent }) =>
          selection.toggle(ids, currentTarget.checked, (nativeEvent as MouseEvent).shiftKey)
        }
      />
    </label>
  );
}
