import type { Page, WebSocket } from "playwright-core";

/**
 * Counts what the page waits for, one after another, from the ticket in its hands to `joined`, with which media can be
 * negotiated: HTTP requests, the WebSocket's opening, and each answer on it that the page asked for. The ticket itself comes from
 * the app's own back end, and is not counted.
 *
 * @returns Stops, and gives the count.
 */
export function countRoundTrips(page: Page): () => number {
  let hasTicket = false;
  let isJoined = false;
  let count = 0;
  const note = () => {
    if (hasTicket && !isJoined) count += 1;
  };
  const onResponse = (response: { url(): string }) => {
    note();
    if (response.url().endsWith("/demo/tickets")) hasTicket = true;
  };
  const onSocket = (socket: WebSocket) => {
    note();
    let isAsking = false;
    socket.on("framesent", () => {
      isAsking = true;
    });
    socket.on("framereceived", ({ payload }) => {
      if (isAsking) note();
      isAsking = false;
      if (JSON.parse(String(payload)).type === "joined") isJoined = true;
    });
  };
  page.on("response", onResponse);
  page.on("websocket", onSocket);
  return () => {
    page.off("response", onResponse);
    page.off("websocket", onSocket);
    return isJoined ? count : Number.NaN;
  };
}
