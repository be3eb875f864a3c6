interface Refusal {
  status: number;
  code?: string | null;
  retryAfter?: number | null;
}

/** Is thrown for what the server or the network refused, with a text that a person can act on. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The server's word for the kind of refusal; null where it gave none. */
  readonly code: string | null;
  /** Seconds to wait before trying again, where the server said so. */
  readonly retryAfter: number | null;

  constructor(message: string, { status, code = null, retryAfter = null }: Refusal) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Is thrown for a command that the server answered with `error`. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(sentence(message));
    this.code = code;
  }
}

/** Returns what the server says as a person writes it; a name in front, such as that of a field, stays as it is. */
export function sentence(text: string): string {
  return /^\p{Ll}[\p{Ll}'’-]*(?:[ ,]|$)/u.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

export function describe(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : "Something went wrong. Try again.";
}

/** Reads a problem document (RFC 9457), or falls back to the status line. */
export async function problem(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const { detail, title, code } = (body ?? {}) as { detail?: unknown; title?: unknown; code?: unknown };
  const text = [detail, title].find((each): each is string => typeof each === "string" && each !== "");
  const retryAfter = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  return new ApiError(sentence(text ?? `The server answered ${response.status} ${response.statusText}`.trim()), {
    status: response.status,
    code: typeof code === "string" ? code : null,
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : null,
  });
}

export const unreachable = (): ApiError =>
  new ApiError("The server cannot be reached. Check that it runs and that this machine is online.", { status: 0 });
