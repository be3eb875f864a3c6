import type { FileContent } from "../protocol/messages";

/** A control message holds 64 KiB; base64 and the rest of the message leave this much for files. */
const MOST_BYTES = 48 * 1024;

/** Returns files as a message carries them. Throws when there is none or they are too large together. */
export async function encodeFiles(files: File[]): Promise<FileContent[]> {
  if (files.length === 0) throw new Error("Choose a file first.");
  const total = files.reduce((sum, file) => sum + file.size, 0);
  if (total > MOST_BYTES) throw new Error("These files are larger than 48 KiB together. Choose smaller ones.");
  return Promise.all(files.map(encodeFile));
}

async function encodeFile(file: File): Promise<FileContent> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return { name: file.name, mimeType: file.type || "application/octet-stream", data };
}
