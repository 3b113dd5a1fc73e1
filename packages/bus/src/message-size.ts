import { FairleadError } from "@fairlead/protocol";
import type { BusHeaders } from "./bus.ts";

/** `NATS/1.0`, line ends, and those of the empty line behind the headers. */
const HEADER_FRAME_BYTES = 12;
/** `: ` and the line end. */
const HEADER_LINE_BYTES = 4;

/**
 * @param maxBytes What the bus takes, headers included.
 * @throws {FairleadError} `message_too_large`: its sender is wrong, or its maker. Nothing was sent, and the bus goes on.
 */
export function assertFits(subject: string, data: Uint8Array, headers: BusHeaders, maxBytes: number): void {
  const bytes = data.length + headerBytes(headers);
  if (bytes <= maxBytes) return;
  const message = `a message of ${bytes} bytes to ${subject}, the bus takes ${maxBytes}`;
  throw new FairleadError("message_too_large", { message });
}

/** Headers are ASCII. */
function headerBytes(headers: BusHeaders): number {
  const lines = Object.entries(headers);
  if (lines.length === 0) return 0;
  const text = lines.reduce((sum, [key, value]) => sum + key.length + value.length + HEADER_LINE_BYTES, 0);
  return HEADER_FRAME_BYTES + text;
}
