import { type ForwardedMessage, type Position, positionAfter } from "@fairlead/protocol";
import type { LinkSink, SentFrame } from "./link-sink.ts";

/** What a node says to a session. By the inbox it comes as JSON. */
export type Heard =
  | ForwardedMessage
  | { type: "inbox_events"; connection: number; position: Position; items: readonly string[] }
  | { type: "inbox_transient"; connection: number; item: string };

/** @returns The frames that hand it on; none for what concerns signaling alone. */
export function framesOf(heard: Heard, { takesSeveral }: Pick<LinkSink, "takesSeveral">): SentFrame[] {
  switch (heard.type) {
    case "events":
      return heard.events.map((event) => ({ type: "event", ...event }));
    case "transient":
      return [{ type: "transient", transient: heard.transient }];
    case "inbox_transient":
      return [{ type: "transient", json: heard.item }];
    case "inbox_events": {
      const { position, items } = heard;
      if (items.length > 1 && takesSeveral) return [{ type: "events", position, items }];
      return items.map((json, index) => ({ type: "event", position: positionAfter(position, index), json }));
    }
    default:
      return [];
  }
}
