import type { SentFrame } from "./link-sink.ts";

/** A frame as JSON. Events and transients that came as JSON go on as they are. */
export function frameText(frame: SentFrame): string {
  if (frame.type === "events")
    return `{"type":"events","position":"${frame.position}","events":[${frame.items.join()}]}`;
  if (!("json" in frame)) return JSON.stringify(frame);
  return frame.type === "event"
    ? `{"type":"event","position":"${frame.position}","event":${frame.json}}`
    : `{"type":"transient","transient":${frame.json}}`;
}
