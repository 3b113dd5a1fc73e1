import type { Hono } from "hono";

export type Asking = {
  path: string;
  url?: string;
  /** The other end of the socket. */
  from?: string;
  contentType?: string;
  body?: string;
};

/** Asks as a client at an address would: the Node adapter tells the app the socket's other end. */
export async function askDemo(
  app: Pick<Hono, "request">,
  {
    path,
    url = "http://localhost:3000",
    from = "127.0.0.1",
    contentType = "application/json",
    body = "{}",
  }: Asking,
) {
  const request = new Request(`${url}${path}`, {
    method: "POST",
    body,
    headers: { "content-type": contentType },
  });
  const incoming = { socket: { remoteAddress: from, remotePort: 5, remoteFamily: "IPv4" } };
  const response = await app.request(request, undefined, { incoming });
  return { status: response.status, body: await response.json() };
}
