import { connect, type Socket } from "node:net";

/** Bytes of RTMP, by hand: what no encoder says included. */
const HANDSHAKE_BYTES = 1_536;
const CHUNK_BYTES = 128;

export function handshake(): Buffer {
  return Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * HANDSHAKE_BYTES)]);
}

export function text(value: string): Buffer {
  const head = Buffer.from([2, 0, 0]);
  head.writeUInt16BE(Buffer.byteLength(value), 1);
  return Buffer.concat([head, Buffer.from(value)]);
}

export function number(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

export const NULL = Buffer.from([5]);

function property(name: string, value: Buffer): Buffer {
  return Buffer.concat([text(name).subarray(1), value]);
}

/** In chunks of 128 bytes, as a connection begins with. */
export function message(type: number, payload: Buffer, stream = 0, timestampMs = 0): Buffer {
  const head = Buffer.alloc(12);
  head[0] = type === 20 ? 3 : 4;
  head.writeUIntBE(timestampMs, 1, 3);
  head.writeUIntBE(payload.length, 4, 3);
  head[7] = type;
  head.writeUInt32LE(stream, 8);
  const parts: Buffer[] = [head];
  for (let at = 0; at < payload.length; at += CHUNK_BYTES) {
    if (at > 0) parts.push(Buffer.from([0xc0 | head.readUInt8(0)]));
    parts.push(payload.subarray(at, at + CHUNK_BYTES));
  }
  return Buffer.concat(parts);
}

export function command(name: string, transaction: number, ...values: Buffer[]): Buffer {
  return message(
    20,
    Buffer.concat([text(name), number(transaction), ...values]),
    name === "publish" || name === "play" ? 1 : 0,
  );
}

export function connectCommand(app = "live"): Buffer {
  const object = [
    Buffer.from([3]),
    property("app", text(app)),
    property("tcUrl", text("rtmp://host/live")),
    Buffer.from([0, 0, 9]),
  ];
  return command("connect", 1, Buffer.concat(object));
}

export function publishCommands(key: string): Buffer {
  return Buffer.concat([
    connectCommand(),
    command("createStream", 2, NULL),
    command("publish", 3, NULL, text(key), text("live")),
  ]);
}

export type Speaker = {
  socket: Socket;
  send(...bytes: Buffer[]): void;
  /** All that was answered, as text. */
  heard(): string;
  closed: Promise<void>;
};

/** @param to A port of this host, or a connection that there is. */
export function speakRtmp(to: number | Socket): Speaker {
  const socket = typeof to === "number" ? connect(to, "127.0.0.1") : to;
  let heard = "";
  socket.on("data", (bytes) => {
    heard += bytes.toString("latin1");
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  return { socket, send: (...bytes) => void socket.write(Buffer.concat(bytes)), heard: () => heard, closed };
}
