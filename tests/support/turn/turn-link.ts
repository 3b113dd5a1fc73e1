import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { messageLength } from "./stun-message.ts";

export type TurnTransport = "udp" | "tcp" | "tls";
export type TurnAddress = { host: string; port: number; transport: TurnTransport };

/** A way to a TURN server. */
export type TurnLink = {
  isReliable: boolean;
  send(message: Buffer): void;
  onMessage(listener: (message: Buffer) => void): void;
  close(): void;
};

export function openTurnLink({ host, port, transport }: TurnAddress): Promise<TurnLink> {
  if (transport === "udp") return openUdp(host, port);
  if (transport === "tcp") return openStream(connectTcp(port, host), "connect");
  // These tests don't ask for the certificate's owner.
  return openStream(connectTls({ host, port, rejectUnauthorized: false }), "secureConnect");
}

async function openUdp(host: string, port: number): Promise<TurnLink> {
  const socket = createSocket("udp4");
  socket.connect(port, host);
  await once(socket, "connect");
  // A server that is not there yet, or no more, answers by ICMP: the request's time-out tells.
  socket.on("error", () => {});
  return {
    isReliable: false,
    send: (message) => socket.send(message),
    onMessage: (listener) => void socket.on("message", listener),
    close: () => socket.close(),
  };
}

async function openStream(socket: Socket, opened: string): Promise<TurnLink> {
  await once(socket, opened);
  socket.on("error", () => {});
  return {
    isReliable: true,
    send: (message) => void socket.write(message),
    onMessage: (listener) => {
      let bytes = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        for (
          let length = messageLength(bytes);
          length && bytes.length >= length;
          length = messageLength(bytes)
        ) {
          listener(bytes.subarray(0, length));
          bytes = bytes.subarray(length);
        }
      });
    },
    close: () => void socket.destroy(),
  };
}
