import { SCRIPTED_OFFER } from "./scripted-broadcasts.ts";

export type SdpRequest = {
  key?: string | undefined;
  type?: string;
  body?: string;
  headers?: Record<string, string>;
};

type Call = (
  method: string,
  path: string,
  body: string | undefined,
  headers: Record<string, string>,
) => Promise<Response>;

export type SdpRequests = ReturnType<typeof sdpRequests>;

/** What programs ask of a broadcast by WHIP and WHEP. @param key Its stream key. */
export function sdpRequests(call: Call, key: string) {
  const ask = (method: string, path: string, { key: bearer, type, body, headers = {} }: SdpRequest = {}) =>
    call(method, path, body, {
      Authorization: bearer === undefined ? "" : `Bearer ${bearer}`,
      ...(type === undefined ? {} : { "Content-Type": type }),
      ...headers,
    });
  const post = (path: string, request: SdpRequest = {}) =>
    ask("POST", path, { type: "application/sdp", body: SCRIPTED_OFFER, ...request });
  const pathOf = (opened: Response) => new URL(opened.headers.get("Location") ?? "").pathname;
  const publish = () => post("/v1/whip", { key });
  const patch = (path: string, fragment: string, ifMatch?: string, request: SdpRequest = { key }) =>
    ask("PATCH", path, {
      type: "application/trickle-ice-sdpfrag",
      body: fragment,
      headers: ifMatch === undefined ? {} : { "If-Match": ifMatch },
      ...request,
    });
  return { ask, post, patch, publish, pathOf };
}
