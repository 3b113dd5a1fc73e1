import type { EventName } from "@fairlead/protocol";
import type { ProtocolClient } from "../support/protocol-client.ts";

/** Consumers are announced when the worker has made them; who speaks is told from time to time. */
const AT_ANY_TIME = new Set<EventName>(["consumers.created", "speaker.changed"]);

/** @returns The names of a client's events but the first `seen`, and but those whose place among the others is not given. */
export function eventsInOrder(client: ProtocolClient, seen: number): EventName[] {
  const names = client.events.slice(seen).map(({ event }) => event.name);
  return names.filter((name) => !AT_ANY_TIME.has(name));
}
