import type { types } from "mediasoup";
import type { Peer } from "./peer.ts";

/** Resolves once the peer's client has closed what it used, or that is gone. */
export async function untilLeft({ transports: { send, receive } }: Peer): Promise<void> {
  const used = [...(send ? [send] : []), receive].filter(isUsed);
  await Promise.all(used.map(untilClosed));
}

/** One that never connected carries nothing. */
function isUsed({ closed, dtlsState }: types.WebRtcTransport): boolean {
  return !closed && (dtlsState === "connected" || dtlsState === "connecting");
}

/** Its client closed it, which DTLS tells, or it went with its peer or its worker. */
function untilClosed(transport: types.WebRtcTransport): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  transport.observer.once("close", () => resolve());
  transport.on("dtlsstatechange", (state) => {
    if (state === "closed" || state === "failed") resolve();
  });
  if (transport.closed) resolve();
  return promise;
}
