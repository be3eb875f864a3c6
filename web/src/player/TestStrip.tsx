import { testFacts, testPlace, titleOf } from "./attached";
import { usePlayerState } from "./context";

/** Whose test an attached run is: title, place in the code, client, worker and retry. */
export function TestStrip() {
  const run = usePlayerState((state) => (state.run?.planner === "attached" ? state.run : null));
  if (run === null) return null;
  const place = testPlace(run);
  return (
    <section className="jp-test" aria-label="Test">
      <strong title={titleOf(run)}>{titleOf(run)}</strong>
      {place !== null && <code title={run.test?.file ?? place}>{place}</code>}
      {testFacts(run).map((fact) => (
        <span key={fact} className="jp-tag">
          {fact}
        </span>
      ))}
    </section>
  );
}
