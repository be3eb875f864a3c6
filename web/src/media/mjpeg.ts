import { JpegTransport } from "./jpeg";
import { MultipartParser, type Part } from "./multipart";

/** Reads one endless response with a JPEG per part, as a stream: each picture is shown when it is whole. */
export class MjpegTransport extends JpegTransport {
  readonly kind = "mjpeg";

  protected get isQuiet(): boolean {
    return false;
  }

  protected async receive(signal: AbortSignal): Promise<void> {
    const response = await this.get(signal);
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error("The server sent no pictures");
    const parser = new MultipartParser();
    while (!signal.aborted) {
      const { value, done } = await reader.read();
      if (done) throw new Error("The picture stream ended");
      // Of several pictures that came at once only the newest is worth drawing.
      const newest = parser.push(value).at(-1);
      if (newest !== undefined) await this.show(frameOf(newest));
    }
  }
}

function frameOf({ headers, body }: Part): { data: Blob; time: number | null } {
  const time = Number.parseFloat(headers.get("X-Frame-Time") ?? "");
  return { data: new Blob([body], { type: "image/jpeg" }), time: Number.isFinite(time) ? time : null };
}
