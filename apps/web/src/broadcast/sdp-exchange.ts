/** A session of WHIP or WHEP, from the answer to its POST. `location`: ends it by DELETE. */
export type SdpSession = { location: string; answer: string };

export type Exchange =
  | { state: "opened"; session: SdpSession }
  /** `retryAfterMs`: when the server wants to be asked again; undefined: it did not say. */
  | { state: "refused"; status: number; retryAfterMs: number | undefined }
  | { state: "unreachable" };

/**
 * Sends an offer (RFC 9725 § 4.2). Candidates need not be in it: the server has a public address and waits for ours to knock.
 * @param bearer Stream key or ticket; null: none is needed.
 */
export async function postOffer(
  url: string,
  bearer: string | null,
  offer: string,
  signal?: AbortSignal,
): Promise<Exchange> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/sdp", ...authorization(bearer) },
      body: offer,
      ...(signal ? { signal } : {}),
    });
    const location = response.headers.get("location");
    if (response.status !== 201 || !location)
      return { state: "refused", status: response.status, retryAfterMs: retryAfterOf(response) };
    const answer = await response.text();
    return { state: "opened", session: { location: new URL(location, response.url).href, answer } };
  } catch {
    return { state: "unreachable" };
  }
}

/** Also for a page that goes away. A server that is gone has ended the session itself. */
export function deleteSession({ location }: SdpSession, bearer: string | null): void {
  fetch(location, { method: "DELETE", headers: authorization(bearer), keepalive: true }).catch(() => {});
}

/** Chromium notices after 5 s that nothing answers; a path that only stumbles is back soon after. */
const DISCONNECTED_MS = 1_500;

/** Resolves once the other side has closed the connection, or its path is lost. */
export function connectionLost(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    let patience: ReturnType<typeof setTimeout> | undefined;
    connection.addEventListener("connectionstatechange", () => {
      const state = connection.connectionState;
      clearTimeout(patience);
      if (state === "failed" || state === "closed") resolve();
      if (state === "disconnected") patience = setTimeout(resolve, DISCONNECTED_MS);
    });
    const [transceiver] = connection.getTransceivers();
    const transport = transceiver?.sender.transport ?? transceiver?.receiver.transport;
    // The server says goodbye within DTLS, long before the browser gives a path up.
    transport?.addEventListener("statechange", () => {
      if (transport.state === "closed" || transport.state === "failed") resolve();
    });
  });
}

function authorization(bearer: string | null): Record<string, string> {
  return bearer === null ? {} : { authorization: `Bearer ${bearer}` };
}

export function retryAfterOf(response: Response): number | undefined {
  const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return Number.isNaN(seconds) ? undefined : seconds * 1_000;
}
