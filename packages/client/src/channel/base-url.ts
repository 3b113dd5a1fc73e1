import { FairleadError } from "@fairlead/protocol";

/**
 * @param url `http(s)` or `ws(s)`, with or without a slash at the end.
 * @throws {FairleadError} `invalid_request` for anything else.
 */
export function baseUrls(url: string): { http: string; webSocket: string } {
  const match = /^(?:http|ws)(s?):\/\/(.+?)\/*$/.exec(url);
  if (!match) throw new FairleadError("invalid_request", { message: "url: expected http(s):// or ws(s)://" });
  const [, secure, rest] = match;
  return { http: `http${secure}://${rest}`, webSocket: `ws${secure}://${rest}` };
}
