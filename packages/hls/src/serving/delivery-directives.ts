import { FairleadError } from "@fairlead/protocol";

/** What a player asks of a playlist (RFC 8216bis § 6.2.5). */
export type DeliveryDirectives = {
  /** It waits until the playlist has this segment, or this part of it. */
  block: { sequence: number; part: number | undefined } | null;
  isDelta: boolean;
};

const KNOWN = new Set(["_HLS_msn", "_HLS_part", "_HLS_skip"]);
const NUMBER = /^\d{1,15}$/;

/** @throws {FairleadError} `invalid_request` for directives that are unknown, given twice or make no sense. */
export function readDirectives(query: URLSearchParams): DeliveryDirectives {
  const given = [...query.keys()].filter((name) => name.startsWith("_HLS_"));
  if (given.some((name) => !KNOWN.has(name)))
    throw refusal("only _HLS_msn, _HLS_part and _HLS_skip may be asked");
  if (new Set(given).size < given.length) throw refusal("a directive is given once");
  const sequence = readNumber(query, "_HLS_msn");
  const part = readNumber(query, "_HLS_part");
  if (part !== undefined && sequence === undefined) throw refusal("_HLS_part needs _HLS_msn");
  const skip = query.get("_HLS_skip");
  if (skip !== null && skip !== "YES" && skip !== "v2") throw refusal("_HLS_skip is YES or v2");
  return { block: sequence === undefined ? null : { sequence, part }, isDelta: skip !== null };
}

function readNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!NUMBER.test(text)) throw refusal(`${name} is a number`);
  return Number(text);
}

function refusal(message: string): FairleadError {
  return new FairleadError("invalid_request", { message });
}
