import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export type TcpRelay = Awaited<ReturnType<typeof startTcpRelay>>;

export type TcpRelayOptions = {
  /** Where it listens. */
  host?: string;
  /** How long every byte takes, each way, ms. */
  delayMs?: number;
  /** Makes what is handed on of each piece that the other side sends. */
  rewrite?: (chunk: Buffer) => Buffer;
};

const LOOPBACK = "127.0.0.1";

/**
 * A TCP proxy in front of a port of this machine whose connections can be cut or slow: what a bad network does to TCP, while
 * media, which goes its own way over UDP, is not touched.
 *
 * @param port Of whom it stands for; asked at each connection.
 */
export async function startTcpRelay(port: number | (() => number), options: TcpRelayOptions = {}) {
  const { host = LOOPBACK, delayMs = 0, rewrite } = options;
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.resetAndDestroy();
    const far = connect(typeof port === "number" ? port : port(), LOOPBACK);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      forward(socket, other, { delayMs, rewrite: socket === far ? rewrite : undefined });
      socket.on("error", () => {});
      socket.once("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, host);
  await once(server, "listening");
  const dropAll = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  const listening = (server.address() as AddressInfo).port;
  return {
    port: listening,
    /** How many it relays now. */
    connections: () => [...open].filter((socket) => socket.localPort === listening).length,
    /** As HTTP. */
    url: `http://${host === LOOPBACK ? "localhost" : host}:${listening}`,
    /** Every connection is reset, and so is every new one until `restore`. */
    cut: () => {
      isCut = true;
      dropAll();
    },
    /** Connections of now hear nothing more, not even an end, as behind a NAT that forgot them; new ones work. */
    fallSilent: () => {
      for (const socket of open) {
        socket.unpipe();
        socket.removeAllListeners("data");
        socket.resume();
      }
    },
    restore: () => {
      isCut = false;
    },
    close: async () => {
      isCut = true;
      dropAll();
      server.close();
      await once(server, "close");
    },
  };
}

function forward(from: Socket, to: Socket, { delayMs, rewrite }: Forwarding): void {
  if (delayMs === 0 && !rewrite) {
    from.pipe(to);
    return;
  }
  const handOn = (act: () => void) => (delayMs === 0 ? act() : setTimeout(act, delayMs));
  from.on("data", (chunk) => handOn(() => to.writable && to.write(rewrite?.(Buffer.from(chunk)) ?? chunk)));
  from.on("end", () => handOn(() => to.end()));
}

type Forwarding = { delayMs: number; rewrite: TcpRelayOptions["rewrite"] };
