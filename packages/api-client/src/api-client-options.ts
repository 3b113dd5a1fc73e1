export type ApiClientOptions = {
  /** Where signaling is, e.g. `https://signaling.example.org`; a path before `/v1` is kept. */
  url: string;
  /** Its scopes (`tickets`, `rooms`, `admin`) say which methods may be called. Keep it out of browsers. */
  apiKey: string;
  /** The runtime's own by default. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** How long one request may take, ms. Default 10,000. */
  timeoutMs?: number;
  /** How often a read is asked again that was refused for the moment. Default 2. */
  retries?: number;
  /** 0..1, for the jitter of retries. */
  random?: () => number;
  /** Waits before a retry. */
  pause?: (ms: number) => Promise<void>;
};

/** @throws {TypeError} For what can't work: a mistake of the program, not a refusal. */
export function checkOptions({ url, apiKey }: ApiClientOptions): void {
  for (const [name, value] of Object.entries({ url, apiKey }))
    if (typeof value !== "string" || value === "") throw new TypeError(`${name} is missing`);
  const { protocol, search, hash } = new URL(url);
  if (!/^https?:$/.test(protocol) || search !== "" || hash !== "")
    throw new TypeError("url: an http or https URL without a query");
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError("apiKey: visible ASCII, not empty");
}
