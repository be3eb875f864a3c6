/** One entry for each value of a byte (CRC-32 of ISO 3309, as APPNOTE.TXT §4.4.7 has it). */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

const VERSION = 20;
/** Names are UTF-8 (§4.4.4, bit 11). */
const UTF8 = 0x0800;
/** The first day that there is, 1 January 1980 (§4.4.6). */
const DAY = 0x0021;

type Field = readonly [bytes: 2 | 4, value: number];

/** Returns a ZIP archive (APPNOTE.TXT) of these files as they are: a few texts need not be made smaller. */
export async function zip(files: readonly File[], name: string): Promise<File> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let [offset, directorySize] = [0, 0];
  const names = uniqueNames(files.map((file) => file.name));
  for (const [at, file] of files.entries()) {
    const content = new Uint8Array(await file.arrayBuffer());
    const path = new TextEncoder().encode(names[at]);
    const common = describe(content, path);
    const local = record([[4, 0x04034b50], ...common]);
    const central = record([[4, 0x02014b50], [2, VERSION], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]);
    parts.push(local, path, content);
    directory.push(central, path);
    offset += local.length + path.length + content.length;
    directorySize += central.length + path.length;
  }
  const count: Field = [2, files.length];
  const end = record([[4, 0x06054b50], [2, 0], [2, 0], count, count, [4, directorySize], [4, offset], [2, 0]]);
  return new File([...parts, ...directory, end], name, { type: "application/zip" });
}

/** Returns what a file's own header (§4.3.7) and its entry in the directory (§4.3.12) have in common. */
function describe(content: Uint8Array, path: Uint8Array): Field[] {
  const size: Field = [4, content.length];
  const moment: Field[] = [
    [2, 0],
    [2, DAY],
  ];
  return [[2, VERSION], [2, UTF8], [2, 0], ...moment, [4, crc32(content)], size, size, [2, path.length], [2, 0]];
}

function record(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(fields.reduce((length, [bytes]) => length + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = (rest >>> 8) ^ (CRC_TABLE[(rest ^ byte) & 0xff] ?? 0);
  return (rest ^ 0xffffffff) >>> 0;
}

/** Returns the names with a number in those that an earlier file has: `buy.spec.ts`, `buy-2.spec.ts`. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const dot = name.indexOf(".");
    const [stem, ending] = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
    let unique = name;
    for (let number = 2; taken.has(unique); number += 1) unique = `${stem}-${number}${ending}`;
    taken.add(unique);
    return unique;
  });
}
