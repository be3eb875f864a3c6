import { useEffect, useState } from "react";
import type { ApiClient } from "../api/client";
import type { InstructionProblem, NewRun } from "../protocol/types";

/** From the last key to the check of what was typed. */
const TYPING_MS = 400;

/** Returns what the server does not understand of instructions, while one types; nothing where it cannot be asked. */
export function useInstructionProblems(
  api: ApiClient,
  instructions: string,
  planner: NewRun["planner"],
): InstructionProblem[] {
  const [problems, setProblems] = useState<InstructionProblem[]>([]);
  useEffect(() => {
    if (instructions.trim() === "") return setProblems([]);
    let late = false;
    const check = async () => {
      const found = await api.checkInstructions(instructions, planner).catch(() => []);
      if (!late) setProblems(found);
    };
    const timer = setTimeout(() => void check(), TYPING_MS);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [api, instructions, planner]);
  return problems;
}

/** Each sentence that would be refused, with its reason and an example. */
export function InstructionProblems({ id, problems }: { id: string; problems: InstructionProblem[] }) {
  return (
    <div id={id} className="jp-problems" role="status" aria-label="What is not understood">
      {problems.map(({ line, message }) => (
        <p key={line} className="jp-error-text">
          {message}
        </p>
      ))}
    </div>
  );
}
