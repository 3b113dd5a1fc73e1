import { Position, parsePosition } from "@fairlead/protocol";
import type { FuzzPeer } from "./fuzz-peer.ts";

/** Against the last event that the session's client has had. */
export const SSE_POSITIONS = [
  "of the last event",
  "of an older event",
  "ahead of the client",
  "of another epoch",
  "of nobody, or none",
] as const;
type SsePosition = (typeof SSE_POSITIONS)[number];

/** @param subject Whose stream is asked for. @param position Of its `Last-Event-ID`. */
export function kindOfPosition(subject: FuzzPeer | undefined, position = ""): SsePosition {
  if (!Position.safeParse(position).success || !subject) return "of nobody, or none";
  const last = parsePosition(subject.socket?.position || subject.position);
  const { epoch, sequence } = parsePosition(position);
  if (epoch !== last.epoch) return "of another epoch";
  if (sequence === last.sequence) return "of the last event";
  return sequence < last.sequence ? "of an older event" : "ahead of the client";
}
