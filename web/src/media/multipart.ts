export interface Part {
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
}

/** A part larger than this is no picture of a page. */
const MAX_PART_BYTES = 16_000_000;

/** Splits `multipart/x-mixed-replace` bytes into parts as they come. A part without `Content-Length` is refused. */
export class MultipartParser {
  #buffer = new Uint8Array(0);

  /** Takes the next bytes and returns the parts that are complete now. */
  push(chunk: Uint8Array): Part[] {
    this.#append(chunk);
    const parts: Part[] = [];
    for (let part = this.#next(); part !== null; part = this.#next()) parts.push(part);
    return parts;
  }

  #append(chunk: Uint8Array): void {
    const joined = new Uint8Array(this.#buffer.length + chunk.length);
    joined.set(this.#buffer);
    joined.set(chunk, this.#buffer.length);
    this.#buffer = joined;
  }

  #next(): Part | null {
    const end = endOfHead(this.#buffer);
    if (end < 0) return null;
    const headers = parseHead(new TextDecoder().decode(this.#buffer.subarray(0, end)));
    const length = Number.parseInt(headers.get("Content-Length") ?? "", 10);
    if (!(length >= 0 && length <= MAX_PART_BYTES)) throw new Error("The picture stream is not understood");
    const start = end + 4;
    if (this.#buffer.length < start + length) return null;
    const body = this.#buffer.slice(start, start + length);
    this.#buffer = this.#buffer.slice(start + length);
    return { headers, body };
  }
}

/** Returns the index of the empty line that ends a part's head; -1 while it is not there. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(13); at >= 0; at = bytes.indexOf(13, at + 1)) {
    const isEnd = bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10;
    // The line break before a boundary is no head.
    if (isEnd && at > 1) return at;
  }
  return -1;
}

function parseHead(text: string): Headers {
  const headers = new Headers();
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("--")) headers.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return headers;
}
