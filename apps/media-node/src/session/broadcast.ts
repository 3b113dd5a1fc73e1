import { type Bus, encodeText } from "@fairlead/bus";
import {
  ADDRESSEES_PER_MESSAGE,
  type EventsAddressee,
  formatInboxMessage,
  inBatches,
  type RoomEvent,
  subjects,
  type Transient,
  type TransientAddressee,
} from "@fairlead/protocol";
import { eventJson } from "./event-json.ts";
import type { Session } from "./session.ts";

/** An event for every session: one message to each signaling process, however many of them it holds. */
export function broadcastEvent(bus: Bus, sessions: Iterable<Session>, event: RoomEvent): void {
  const byInbox = new Map<string, EventsAddressee[]>();
  for (const session of sessions) {
    const due = session.append(event);
    if (due) addTo(byInbox, due.inbox, due.addressee);
  }
  for (const [inbox, all] of byInbox)
    for (const to of inBatches(all, ADDRESSEES_PER_MESSAGE))
      publish(bus, inbox, formatInboxMessage({ header: { type: "events", to }, items: [eventJson(event)] }));
}

/** The same for what only those sessions get that are attached right now. */
export function broadcastTransient(bus: Bus, sessions: Iterable<Session>, transient: Transient): void {
  const byInbox = new Map<string, TransientAddressee[]>();
  for (const session of sessions) {
    const due = session.takeTransient(transient);
    if (due) addTo(byInbox, due.inbox, due.addressee);
  }
  const items = [JSON.stringify(transient)];
  for (const [inbox, all] of byInbox)
    for (const to of inBatches(all, ADDRESSEES_PER_MESSAGE))
      publish(bus, inbox, formatInboxMessage({ header: { type: "transient", to }, items }));
}

function addTo<T>(byInbox: Map<string, T[]>, inbox: string, addressee: T): void {
  const known = byInbox.get(inbox);
  if (known) known.push(addressee);
  else byInbox.set(inbox, [addressee]);
}

function publish(bus: Bus, inbox: string, text: string): void {
  // While the bus is away events wait in the logs.
  if (bus.isConnected) bus.publish(subjects.inbox(inbox), encodeText(text));
}
