import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** `strip`: WebSockets' upgrades go on as plain requests. `hang`: they get no answer at all. `pass`: they go through. */
export type UpgradeMode = "strip" | "hang" | "pass";

export type UpgradeProxy = Awaited<ReturnType<typeof startUpgradeProxy>>;

const LOOPBACK = "127.0.0.1";
/** RFC 9110 § 7.6.1: a proxy keeps these to itself. */
const HOP_BY_HOP = ["connection", "upgrade", "keep-alive", "proxy-connection", "te", "transfer-encoding"];

/** An HTTP proxy in front of a port of this machine, as companies have them: some know nothing of WebSockets. */
export async function startUpgradeProxy(port: number, mode: UpgradeMode) {
  let present = mode;
  const requests: string[] = [];
  let upgrades = 0;
  const sockets = new Set<Socket>();
  const options = {
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => {
      if (headers.upgrade !== undefined) upgrades += 1;
      return present !== "strip";
    },
  };
  const server = createServer(options, (near, answer) => {
    requests.push(`${near.method} ${near.url}`);
    forward(near, answer, port);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (near: IncomingMessage, socket: Socket, head: Buffer) => {
    if (present === "pass") tunnel(near, { socket, head, port });
  });
  server.listen(0, LOOPBACK);
  await once(server, "listening");
  return {
    /** As HTTP. */
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    /** Plain HTTP requests that it has forwarded so far: method and path. */
    requests,
    /** How many WebSockets were asked for so far. */
    get upgrades() {
      return upgrades;
    },
    become: (next: UpgradeMode) => {
      present = next;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function forward(near: IncomingMessage, answer: ServerResponse, port: number): void {
  const { method, url: path } = near;
  const far = request({ host: LOOPBACK, port, method, path, headers: endToEnd(near.headers) }, (answered) => {
    answer.writeHead(answered.statusCode ?? 502, endToEnd(answered.headers));
    answered.pipe(answer);
    answered.on("error", () => answer.destroy());
  });
  far.on("error", () => answer.destroy());
  answer.on("close", () => far.destroy());
  near.pipe(far);
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}

function tunnel(near: IncomingMessage, to: { socket: Socket; head: Buffer; port: number }): void {
  const { socket, head, port } = to;
  const far = connect(port, LOOPBACK);
  const lines = near.rawHeaders.flatMap((name, index, all) =>
    index % 2 === 0 ? [`${name}: ${all[index + 1]}`] : [],
  );
  far.write(`${[`${near.method} ${near.url} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`);
  far.write(head);
  socket.pipe(far).pipe(socket);
  far.on("error", () => {});
  far.once("close", () => socket.destroy());
  socket.once("close", () => far.destroy());
}
