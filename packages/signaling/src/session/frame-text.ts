import type { SentFrame } from "./session-link.ts";

/** A frame as JSON. An event or a transient that came as JSON goes on as it is. */
export function frameText(frame: SentFrame): string {
  if (!("json" in frame)) return JSON.stringify(frame);
  return frame.type === "event"
    ? `{"type":"event","position":"${frame.position}","event":${frame.json}}`
    : `{"type":"transient","transient":${frame.json}}`;
}
