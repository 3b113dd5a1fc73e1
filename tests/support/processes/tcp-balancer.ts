import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export type TcpBalancer = Awaited<ReturnType<typeof startTcpBalancer>>;

const HOST = "127.0.0.1";

/**
 * Hands each connection to the next of several ports, passing over those where nobody listens: as plain a balancer as there
 * is, which knows no HTTP and keeps nobody where he was.
 */
export async function startTcpBalancer(ports: () => readonly number[]) {
  let next = 0;
  const open = new Set<Socket>();
  const track = (socket: Socket, other: () => Socket | undefined) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => {
      open.delete(socket);
      // What it said last is still on its way.
      other()?.destroySoon();
    });
  };
  const server = createServer({ pauseOnConnect: true }, async (near) => {
    let far: Socket | undefined;
    track(near, () => far);
    far = await firstThatListens(ports(), next++);
    if (!far || near.destroyed) {
      far?.destroy();
      near.destroy();
      return;
    }
    track(far, () => near);
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, HOST);
  await once(server, "listening");
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function firstThatListens(ports: readonly number[], first: number): Promise<Socket | undefined> {
  for (let tries = 0; tries < ports.length; tries++) {
    const socket = connect(ports[(first + tries) % ports.length] ?? 0, HOST);
    try {
      await once(socket, "connect");
      return socket;
    } catch {
      // The next one.
    }
  }
  return undefined;
}
