import { type Bus, encodeText } from "@fairlead/bus";
import {
  ADDRESSEES_PER_MESSAGE,
  formatInboxMessage,
  type InboxMessage,
  inBatches,
  type RoomEvent,
  subjects,
  type Transient,
} from "@fairlead/protocol";
import { eventJson } from "./event-json.ts";
import type { Session } from "./session.ts";

/** An event for every session: one message to each signaling process, however many of them it holds. */
export function broadcastEvent(bus: Bus, sessions: Iterable<Session>, event: RoomEvent): void {
  const items = [eventJson(event)];
  for (const [inbox, to] of addressees(sessions, (session) => session.append(event)))
    publish(bus, inbox, { header: { type: "events", to }, items });
}

/** The same for what only those sessions get that are attached right now. */
export function broadcastTransient(bus: Bus, sessions: Iterable<Session>, transient: Transient): void {
  const items = [JSON.stringify(transient)];
  for (const [inbox, to] of addressees(sessions, (session) => session.takeTransient(transient)))
    publish(bus, inbox, { header: { type: "transient", to }, items });
}

/** @returns By inbox, as many as a message names. */
function addressees<T>(
  sessions: Iterable<Session>,
  take: (session: Session) => { inbox: string; addressee: T } | null,
): [inbox: string, to: T[]][] {
  const due = [...sessions].flatMap((session) => take(session) ?? []);
  return [...Map.groupBy(due, ({ inbox }) => inbox)].flatMap(([inbox, all]) =>
    inBatches(all, ADDRESSEES_PER_MESSAGE).map((some): [string, T[]] => [
      inbox,
      some.map(({ addressee }) => addressee),
    ]),
  );
}

function publish(bus: Bus, inbox: string, message: InboxMessage): void {
  // While the bus is away events wait in the logs.
  if (bus.isConnected) bus.publish(subjects.inbox(inbox), encodeText(formatInboxMessage(message)));
}
