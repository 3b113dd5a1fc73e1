import { createHmac } from "node:crypto";
import { isIPv6 } from "node:net";
import { crc32 } from "node:zlib";

/** RFC 8489 § 5, § 14 and RFC 8656 § 17, § 18, as far as tests speak it. */
const COOKIE = Buffer.from([0x21, 0x12, 0xa4, 0x42]);
const HEADER_BYTES = 20;
const MESSAGE_INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;
const FINGERPRINT = 0x8028;
const FINGERPRINT_MASK = 0x5354554e;
const SUCCESS = 0x0100;

export const METHODS = { binding: 0x001, allocate: 0x003, refresh: 0x004, createPermission: 0x008 } as const;
export const ATTRIBUTES = {
  username: 0x0006,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  realm: 0x0014,
  nonce: 0x0015,
  requestedAddressFamily: 0x0017,
  requestedTransport: 0x0019,
  priority: 0x0024,
  iceControlling: 0x802a,
} as const;
export const FAMILIES = { 4: 0x01, 6: 0x02 } as const;

export type Attribute = readonly [type: number, value: Buffer];
export type StunAnswer = {
  transactionId: string;
  /** 200 for a success, else its ERROR-CODE. */
  code: number;
  attributes: Map<number, Buffer>;
};

export type StunRequest = {
  method: number;
  /** 12 bytes. */
  transactionId: Buffer;
  attributes: readonly Attribute[];
  /** Of MESSAGE-INTEGRITY; without, the request is not signed. */
  key?: Buffer;
};

export function encodeRequest({ method, transactionId, attributes, key }: StunRequest): Buffer {
  const body = attributes.map(encodeAttribute);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(method, 0);
  COOKIE.copy(header, 4);
  transactionId.copy(header, 8);
  const unsigned = Buffer.concat([header, ...body]);
  if (!key) return withLength(unsigned, unsigned.length);
  // The length that is signed counts the signature itself: 24 bytes with its header.
  const signed = withLength(unsigned, unsigned.length + 24);
  const hmac = createHmac("sha1", key).update(signed).digest();
  return Buffer.concat([signed, encodeAttribute([MESSAGE_INTEGRITY, hmac])]);
}

/** RFC 8489 § 14.7: every message of ICE ends with it. */
export function withFingerprint(message: Buffer): Buffer {
  const counted = withLength(message, message.length + 8);
  const value = Buffer.alloc(4);
  value.writeUInt32BE((crc32(counted) ^ FINGERPRINT_MASK) >>> 0);
  return Buffer.concat([counted, encodeAttribute([FINGERPRINT, value])]);
}

/** @returns How long the message is that these bytes begin with, header included; undefined: they don't tell yet. */
export function messageLength(bytes: Buffer): number | undefined {
  return bytes.length < 4 ? undefined : HEADER_BYTES + bytes.readUInt16BE(2);
}

export function decodeAnswer(message: Buffer): StunAnswer {
  const attributes = new Map<number, Buffer>();
  for (let at = HEADER_BYTES; at + 4 <= message.length; ) {
    const length = message.readUInt16BE(at + 2);
    attributes.set(message.readUInt16BE(at), message.subarray(at + 4, at + 4 + length));
    at += 4 + padded(length);
  }
  const error = attributes.get(ERROR_CODE);
  const isSuccess = (message.readUInt16BE(0) & 0x0110) === SUCCESS;
  const code = isSuccess ? 200 : (error?.readUInt8(2) ?? 0) * 100 + (error?.readUInt8(3) ?? 0);
  return { transactionId: message.toString("hex", 8, HEADER_BYTES), code, attributes };
}

/** @param address IPv4, or IPv6 without dots. */
export function xorPeerAddress(address: string, port: number, transactionId: Buffer): Attribute {
  const bytes = isIPv6(address) ? bytesOfIpv6(address) : Buffer.from(address.split(".").map(Number));
  const mask = Buffer.concat([COOKIE, transactionId]);
  const value = Buffer.alloc(4 + bytes.length);
  value.writeUInt8(isIPv6(address) ? FAMILIES[6] : FAMILIES[4], 1);
  value.writeUInt16BE(port ^ COOKIE.readUInt16BE(0), 2);
  for (const [index, byte] of bytes.entries()) value.writeUInt8(byte ^ (mask[index] ?? 0), 4 + index);
  return [ATTRIBUTES.xorPeerAddress, value];
}

function bytesOfIpv6(address: string): Buffer {
  const [left = "", right = ""] = address.split("::");
  const groupsOf = (part: string) => part.split(":").filter(Boolean);
  const [head, tail] = [groupsOf(left), groupsOf(right)];
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, "0")).join(""), "hex");
}

function encodeAttribute([type, value]: Attribute): Buffer {
  const encoded = Buffer.alloc(4 + padded(value.length));
  encoded.writeUInt16BE(type, 0);
  encoded.writeUInt16BE(value.length, 2);
  value.copy(encoded, 4);
  return encoded;
}

function withLength(message: Buffer, total: number): Buffer {
  message.writeUInt16BE(total - HEADER_BYTES, 2);
  return message;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
