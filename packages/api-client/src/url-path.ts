import { FairleadError } from "@fairlead/protocol";

/** A path whose parts can't lead anywhere else. */
export type UrlPath = string & { readonly __brand: "UrlPath" };

/**
 * A path of the API with ids in it.
 * @throws {FairleadError} `invalid_request` for what no path can name: nothing, half of a surrogate pair, and `.` and `..`, which
 * URLs resolve even when they are escaped (WHATWG URL, double-dot URL path segment).
 */
export function pathOf(words: TemplateStringsArray, ...ids: string[]): UrlPath {
  const parts = words.map((word, index) => word + (index < ids.length ? segmentOf(ids[index] ?? "") : ""));
  return parts.join("") as UrlPath;
}

function segmentOf(id: string): string {
  if (/^\.{0,2}$/.test(id) || !id.isWellFormed())
    throw new FairleadError("invalid_request", { message: "an id that no path can name" });
  return encodeURIComponent(id);
}
