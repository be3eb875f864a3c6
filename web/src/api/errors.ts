/** Is thrown for what the server or the network refused, with a text that a person can act on. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Seconds to wait before trying again, where the server said so. */
  readonly retryAfter: number | null;

  constructor(message: string, { status, retryAfter = null }: { status: number; retryAfter?: number | null }) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Is thrown for a command that the server answered with `error`. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function describe(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : "Something went wrong. Try again.";
}

/** Reads a problem document (RFC 9457), or falls back to the status line. */
export async function problem(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const { detail, title } = (body ?? {}) as { detail?: unknown; title?: unknown };
  const text = [detail, title].find((each): each is string => typeof each === "string" && each !== "");
  const retryAfter = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  return new ApiError(text ?? `The server answered ${response.status} ${response.statusText}`.trim(), {
    status: response.status,
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : null,
  });
}

export const unreachable = (): ApiError =>
  new ApiError("The server cannot be reached. Check that it runs and that this machine is online.", { status: 0 });
