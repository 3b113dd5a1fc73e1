import type { Context } from "hono";
import { readByteRange } from "./byte-range.ts";
import type { Text } from "./text.ts";

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";
const MEDIA_TYPE = "video/mp4";
/** No URI ever has other bytes. It is wanted for minutes, so caches need not keep it for long. */
const MEDIA_CACHE = "public, max-age=3600, immutable";

/** @param maxAgeS How long a cache may answer with it. */
export async function answerPlaylist(c: Context, playlist: Text, maxAgeS: number): Promise<Response> {
  const isGzipped = acceptsGzip(c.req.header("Accept-Encoding"));
  const tag = `"${playlist.tag}${isGzipped ? "-gzip" : ""}"`;
  c.header("Cache-Control", `public, max-age=${maxAgeS}`);
  c.header("Vary", "Accept-Encoding");
  c.header("ETag", tag);
  if (isKnown(c.req.header("If-None-Match"), tag)) return c.body(null, 304);
  c.header("Content-Type", PLAYLIST_TYPE);
  if (isGzipped) c.header("Content-Encoding", "gzip");
  const bytes = isGzipped ? await playlist.gzipped() : new TextEncoder().encode(playlist.text);
  c.header("Content-Length", String(bytes.byteLength));
  return c.body(asBody(bytes));
}

/** @param chunks In their order. @param name Below its broadcast: as good a tag as any, since its bytes never change. */
export function answerMedia(c: Context, chunks: readonly Uint8Array[], name: string): Response {
  const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const tag = `"${name}"`;
  c.header("Cache-Control", MEDIA_CACHE);
  c.header("Accept-Ranges", "bytes");
  c.header("ETag", tag);
  if (isKnown(c.req.header("If-None-Match"), tag)) return c.body(null, 304);
  c.header("Content-Type", MEDIA_TYPE);
  const condition = c.req.header("If-Range");
  const wanted = condition === undefined || condition === tag ? c.req.header("Range") : undefined;
  const range = readByteRange(wanted, length);
  if (range === "unsatisfiable") {
    c.header("Content-Range", `bytes */${length}`);
    c.header("Content-Type", undefined);
    c.header("Cache-Control", "no-store");
    return c.body(null, 416);
  }
  if (!range) {
    c.header("Content-Length", String(length));
    return c.body(bodyOf(chunks));
  }
  c.header("Content-Range", `bytes ${range.start}-${range.end}/${length}`);
  c.header("Content-Length", String(range.end - range.start + 1));
  return c.body(bodyOf(cut(chunks, range)), 206);
}

/** Sent one after the other as its client reads: nothing is copied, however large all are together. */
function bodyOf(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  const [only] = chunks;
  if (chunks.length === 1 && only) return asBody(only);
  let next = 0;
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = chunks[next++];
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  });
}

function cut(chunks: readonly Uint8Array[], { start, end }: { start: number; end: number }): Uint8Array[] {
  let at = 0;
  return chunks.flatMap((chunk) => {
    const from = at;
    at += chunk.byteLength;
    const kept = chunk.subarray(Math.max(0, start - from), Math.max(0, end + 1 - from));
    return kept.byteLength > 0 ? [kept] : [];
  });
}

/** RFC 9110 § 13.1.2: tags are compared weakly. */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(",").map((each) => each.trim().replace(/^W\//, ""));
  return tags.includes(tag) || tags.includes("*");
}

/** RFC 9110 § 12.5.3. */
function acceptsGzip(header: string | undefined): boolean {
  for (const each of (header ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = each.split(";").map((text) => text.trim());
    if (coding === "gzip") return !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  }
  return false;
}

/** None of our bytes are shared memory, which the types can't tell. */
function asBody(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
