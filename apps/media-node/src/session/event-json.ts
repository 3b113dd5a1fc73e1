import type { RoomEvent } from "@fairlead/protocol";

const texts = new WeakMap<RoomEvent, string>();

/** An event as JSON. What a room tells many sessions is one object, and is written once. */
export function eventJson(event: RoomEvent): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(event);
  texts.set(event, text);
  return text;
}
