import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type OperatorServer = { url: string; port: number; close(): Promise<void> };

/** Answers one path; null: there is nothing there now. */
export type AnswerPath = (path: string) => Response | Promise<Response> | null;

/**
 * What supervisors, balancers and Prometheus ask a process. It tells nothing that is secret, and yet is nobody else's business.
 * @throws {Error} With the system's `code`, e.g. `EADDRINUSE`, when it can't listen.
 */
export async function serveOperators(
  { host, port }: { host: string; port: number },
  answerPath: AnswerPath,
): Promise<OperatorServer> {
  const server = createServer(({ url = "" }, response) => void answer(response, url, answerPath));
  server.listen(port, host);
  await once(server, "listening");
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    port: actual,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** An answer that fails is no reason to end the process. */
async function answer(response: ServerResponse, path: string, answerPath: AnswerPath): Promise<void> {
  try {
    const given = (await answerPath(path)) ?? Response.json({ status: "not_found" }, { status: 404 });
    response.writeHead(given.status, Object.fromEntries(given.headers)).end(await given.text());
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}
