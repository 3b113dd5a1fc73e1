import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Page } from "playwright-core";

declare global {
  interface Window {
    /** @returns The port of the link that leads to a node's. */
    narrowPort(nodePort: number): Promise<number>;
  }
}

export type NarrowLink = Awaited<ReturnType<typeof startNarrowLink>>;

/** As a home router keeps. */
const QUEUE_MS = 200;

/**
 * A link whose way up to the nodes carries so much and no more, for all that goes over it together: what comes faster waits in a queue, and is
 * lost where that is full.
 */
export async function startNarrowLink({ upBps }: { upBps: number }) {
  const sockets: Socket[] = [];
  const byNodePort = new Map<number, Promise<number>>();
  let freeAtMs = 0;
  let lost = 0;
  const up = (bytes: number, send: () => void) => {
    const nowMs = performance.now();
    const departMs = Math.max(nowMs, freeAtMs);
    if (departMs - nowMs > QUEUE_MS) {
      lost += 1;
      return;
    }
    freeAtMs = departMs + (bytes * 8_000) / upBps;
    setTimeout(send, departMs - nowMs);
  };
  const open = async (): Promise<Socket> => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    sockets.push(socket);
    await once(socket, "listening");
    return socket;
  };
  const relay = async (nodePort: number): Promise<number> => {
    const inner = await open();
    /** By the client's port. */
    const outers = new Map<number, Promise<Socket>>();
    const openOuter = async (clientPort: number) => {
      const outer = await open();
      outer.on("message", (data) => inner.send(data, clientPort, "127.0.0.1"));
      return outer;
    };
    inner.on("message", async (data, { port }) => {
      const opening = outers.get(port) ?? openOuter(port);
      outers.set(port, opening);
      const outer = await opening;
      up(data.length, () => !isClosed && outer.send(data, nodePort, "127.0.0.1"));
    });
    return inner.address().port;
  };
  let isClosed = false;
  const portTo = (nodePort: number) => {
    const port = byNodePort.get(nodePort) ?? relay(nodePort);
    byNodePort.set(nodePort, port);
    return port;
  };
  return {
    /** All that the page sends from now on goes this way. */
    lead: async (page: Page) => {
      await page.exposeFunction("narrowPort", portTo);
      await page.evaluate(replaceCandidates);
    },
    /** Packets that found the queue full. */
    get lost() {
      return lost;
    },
    close: () => {
      isClosed = true;
      for (const socket of sockets) socket.close();
    },
  };
}

/** Self-contained: it is sent to the browser as text. */
function replaceCandidates(): void {
  // A probe's class may be below the page's own.
  const native = RTCPeerConnection.prototype;
  const { setRemoteDescription } = native;
  native.setRemoteDescription = async function (description) {
    const lines: string[] = [];
    for (const line of (description.sdp ?? "").split("\r\n")) {
      const [, before, port, after] = /^(a=candidate:\S+ \d+ udp \d+ \S+ )(\d+)( .*)$/i.exec(line) ?? [];
      if (before !== undefined) lines.push(`${before}${await window.narrowPort(Number(port))}${after}`);
      else if (!line.startsWith("a=candidate:")) lines.push(line);
    }
    const type = description.type;
    await Reflect.apply(setRemoteDescription, this, [{ type, sdp: lines.join("\r\n") }]);
  };
}
