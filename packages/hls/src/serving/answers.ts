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

/** @param name Below its broadcast: as good a tag as any, since its bytes never change. */
export function answerMedia(c: Context, bytes: Uint8Array, name: string): Response {
  const tag = `"${name}"`;
  c.header("Cache-Control", MEDIA_CACHE);
  c.header("Accept-Ranges", "bytes");
  c.header("ETag", tag);
  if (isKnown(c.req.header("If-None-Match"), tag)) return c.body(null, 304);
  c.header("Content-Type", MEDIA_TYPE);
  const condition = c.req.header("If-Range");
  const wanted = condition === undefined || condition === tag ? c.req.header("Range") : undefined;
  const range = readByteRange(wanted, bytes.byteLength);
  if (range === "unsatisfiable") {
    c.header("Content-Range", `bytes */${bytes.byteLength}`);
    c.header("Content-Type", undefined);
    c.header("Cache-Control", "no-store");
    return c.body(null, 416);
  }
  if (!range) {
    c.header("Content-Length", String(bytes.byteLength));
    return c.body(asBody(bytes));
  }
  c.header("Content-Range", `bytes ${range.start}-${range.end}/${bytes.byteLength}`);
  c.header("Content-Length", String(range.end - range.start + 1));
  return c.body(asBody(bytes.subarray(range.start, range.end + 1)), 206);
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
