import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ErrorCode, ServerFrame } from "@fairlead/protocol";
import { httpStatus, SessionFrames } from "@fairlead/protocol";

/** One request of the client, answered by the test. */
export class ScriptedRequest {
  readonly line: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, body: string, response: ServerResponse) {
    this.line = `${request.method} ${request.url}`;
    this.headers = request.headers;
    this.body = body;
    this.#response = response;
  }

  /** The frames of a request with commands. */
  get frames(): SessionFrames["frames"] {
    return SessionFrames.parse(JSON.parse(this.body)).frames;
  }

  answer(status: number, body: unknown): void {
    const type = typeof body === "string" ? "text/html" : "application/json";
    const text = typeof body === "string" ? body : JSON.stringify(body);
    this.#response.writeHead(status, { "content-type": type }).end(status === 204 ? undefined : text);
  }

  refuse(code: ErrorCode): void {
    this.answer(httpStatus(code), { error: { code, message: code } });
  }

  /** Begins an event stream, or continues it. `pieceLength`: bytes written at once. */
  say(frame: ServerFrame, pieceLength = Number.POSITIVE_INFINITY): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, { "content-type": "text/event-stream" });
    const bytes = Buffer.from(`data: ${JSON.stringify(frame)}\n\n`);
    for (let at = 0; at < bytes.length; at += pieceLength)
      this.#response.write(bytes.subarray(at, at + pieceLength));
  }

  end(): void {
    this.#response.end();
  }

  cut(): void {
    this.#response.destroy();
  }

  /** Resolves when the client has closed its end. */
  get closed(): Promise<unknown> {
    return this.#response.closed ? Promise.resolve() : once(this.#response, "close");
  }
}

/** Signaling over HTTP without WebSockets and without a room behind it: the test answers each request. */
export class ScriptedHttpSignaling {
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets = new Set<Socket>();
  #waiting: ScriptedRequest[] = [];
  #wake = () => {};

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (socket) => this.#sockets.add(socket));
    server.on("request", async (request, response) => {
      const body = (await request.setEncoding("utf8").toArray()).join("");
      this.#waiting.push(new ScriptedRequest(request, body, response));
      this.#wake();
    });
  }

  static async start(): Promise<ScriptedHttpSignaling> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ScriptedHttpSignaling(server);
  }

  /** Number of requests that no call of `next` has taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** @returns The next request whose line begins with `line`, among those not taken yet. */
  async next(line: string): Promise<ScriptedRequest> {
    for (;;) {
      const found = this.#waiting.find((request) => request.line.startsWith(line));
      this.#waiting = this.#waiting.filter((request) => request !== found);
      if (found) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}
