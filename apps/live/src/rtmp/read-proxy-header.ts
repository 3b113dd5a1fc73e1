import { isIP, type Socket } from "node:net";

/** https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt */
const V2_SIGNATURE = Buffer.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10);
const V1_LONGEST = 107;
/** Addresses and a few extensions. */
const V2_LONGEST = 16 + 1_024;

/** `address`: null where the balancer speaks for itself, e.g. in its health checks. */
export type ProxyHeader = { length: number; address: string | null };

/**
 * @returns null while bytes are missing.
 * @throws {Error} This is no PROXY protocol, version 1 or 2, for TCP.
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | null {
  const start = bytes.subarray(0, V2_SIGNATURE.length);
  if (start.equals(V2_SIGNATURE.subarray(0, start.length))) return parseV2(bytes);
  return parseV1(bytes);
}

function parseV1(bytes: Buffer): ProxyHeader | null {
  const end = bytes.subarray(0, V1_LONGEST).indexOf("\r\n");
  if (end < 0 && bytes.length >= V1_LONGEST) throw new Error("no PROXY protocol");
  if (!"PROXY ".startsWith(bytes.toString("latin1", 0, 6))) throw new Error("no PROXY protocol");
  if (end < 0) return null;
  const [, family, source = ""] = bytes.toString("latin1", 0, end).split(" ");
  if (family === "UNKNOWN") return { length: end + 2, address: null };
  if (isIP(source) !== (family === "TCP4" ? 4 : 6)) throw new Error("PROXY protocol without an address");
  return { length: end + 2, address: source };
}

function parseV2(bytes: Buffer): ProxyHeader | null {
  if (bytes.length < 16) return null;
  const length = 16 + bytes.readUInt16BE(14);
  if (length > V2_LONGEST || bytes.readUInt8(12) >> 4 !== 2) throw new Error("no PROXY protocol");
  if (bytes.length < length) return null;
  const isLocal = (bytes.readUInt8(12) & 15) === 0;
  return {
    length,
    address: isLocal ? null : addressOfV2(bytes.readUInt8(13) >> 4, bytes.subarray(16, length)),
  };
}

function addressOfV2(family: number, addresses: Buffer): string | null {
  if (family === 1 && addresses.length >= 12) return addresses.subarray(0, 4).join(".");
  if (family === 2 && addresses.length >= 36)
    return (addresses.toString("hex", 0, 16).match(/.{4}/g) ?? []).join(":");
  if (family === 0) return null;
  throw new Error("PROXY protocol without an address");
}

/**
 * Takes the header off the socket, which is paused then with the rest unread.
 *
 * @returns The client's address, or the socket's own.
 * @throws {Error} There is none, or none within the time.
 */
export function readProxyHeader(socket: Socket, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      socket.off("data", onData).off("close", onClose);
      act();
    };
    const fail = (error: Error) => settle(() => reject(error));
    const onClose = () => fail(new Error("closed"));
    const onData = (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      try {
        const header = parseProxyHeader(bytes);
        if (!header) return;
        socket.pause();
        settle(() => {
          socket.unshift(bytes.subarray(header.length));
          resolve(header.address ?? socket.remoteAddress ?? "");
        });
      } catch (error) {
        fail(error instanceof Error ? error : new Error("no PROXY protocol", { cause: error }));
      }
    };
    const timer = setTimeout(() => fail(new Error("no PROXY header in time")), withinMs);
    socket.on("data", onData).on("close", onClose);
  });
}
