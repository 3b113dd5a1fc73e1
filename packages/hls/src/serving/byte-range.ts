/** The bytes that a request wants, both ends included. `unsatisfiable`: there are none of them. */
export type ByteRange = { start: number; end: number } | "unsatisfiable";

const ONE_RANGE = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i;

/**
 * RFC 9110 § 14.2: `bytes=0-99`, `bytes=100-`, `bytes=-500`.
 * @returns null: all of it is wanted, also for what can't be read and for several ranges, which a server may ignore.
 */
export function readByteRange(header: string | undefined, length: number): ByteRange | null {
  const found = header === undefined ? null : ONE_RANGE.exec(header);
  if (!found) return null;
  const [first = "", last = ""] = found.slice(1);
  if (first === "" && last === "") return null;
  if (first === "") return suffixOf(Number(last), length);
  const start = Number(first);
  const end = last === "" ? length - 1 : Math.min(Number(last), length - 1);
  if (last !== "" && Number(last) < start) return null;
  return start >= length ? "unsatisfiable" : { start, end };
}

function suffixOf(count: number, length: number): ByteRange {
  if (count === 0 || length === 0) return "unsatisfiable";
  return { start: Math.max(0, length - count), end: length - 1 };
}
