import * as z from "zod";
import { Position } from "./events.ts";
import { SessionId } from "./ids.ts";
import { parseJson } from "./parse.ts";

/** A message to an inbox names at most this many sessions. */
export const ADDRESSEES_PER_MESSAGE = 250;

/** A session, the connection that is meant, and for events the position of the first. */
const EventsAddressee = z.tuple([SessionId, z.int(), Position]);
export type EventsAddressee = z.infer<typeof EventsAddressee>;
const TransientAddressee = z.tuple([SessionId, z.int()]);
export type TransientAddressee = z.infer<typeof TransientAddressee>;

/** The header of a message to an inbox: the sessions that get its items. Their positions count up from the first one's. */
export const InboxHeader = z.discriminatedUnion("type", [
  z.object({ type: z.literal("events"), to: z.array(EventsAddressee).max(ADDRESSEES_PER_MESSAGE) }),
  z.object({ type: z.literal("transient"), to: z.array(TransientAddressee).max(ADDRESSEES_PER_MESSAGE) }),
]);
export type InboxHeader = z.infer<typeof InboxHeader>;

/**
 * A node's message on `subjects.inbox`, to some of the sessions that one signaling process holds. The items, events or one transient,
 * stand behind the header, each as JSON on a line of its own: signaling hands them on unread.
 */
export type InboxMessage = { header: InboxHeader; items: readonly string[] };

export function formatInboxMessage({ header, items }: InboxMessage): string {
  return `${JSON.stringify(header)}\n${items.join("\n")}`;
}

/** @throws {FairleadError} `internal`: the header is none of this version. */
export function parseInboxMessage(text: string): InboxMessage {
  const [first = "", ...items] = text.split("\n");
  return { header: parseJson(InboxHeader, first, "internal"), items };
}
