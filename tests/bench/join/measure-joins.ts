import { TicketAnswer } from "@fairlead/protocol";
import { ProtocolClient } from "../../support/protocol-client.ts";
import type { RunningStandalone } from "../processes/start-standalone.ts";

/** Milliseconds. `total`: from opening the socket to `joined`; `onOpenSocket`: from sending `join`. */
export type JoinTimes = { total: number; onOpenSocket: number };

type Server = Pick<RunningStandalone, "url" | "apiKey">;

/** @returns A ticket of a fresh identity, as an app's back end gets it before its user clicks. */
export async function requestTicket({ url, apiKey }: Server, room: string): Promise<string> {
  const answer = await fetch(`${url}/v1/rooms/${room}/tickets`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ identity: crypto.randomUUID() }),
  });
  if (!answer.ok) throw new Error(`no ticket: ${answer.status} ${await answer.text()}`);
  return TicketAnswer.parse(await answer.json()).ticket;
}

/** Opens rooms, each with one peer that stays: so joins find what most joins find. */
export async function openRooms(server: Server, names: readonly string[]): Promise<ProtocolClient[]> {
  const stayers: ProtocolClient[] = [];
  for (const name of names)
    stayers.push(await ProtocolClient.join(server.url, { ticket: await requestTicket(server, name) }));
  return stayers;
}

/** One join for each room named, all at once; everybody leaves again, untimed. */
export async function measureJoins(server: Server, rooms: readonly string[]): Promise<JoinTimes[]> {
  const tickets = await Promise.all(rooms.map((room) => requestTicket(server, room)));
  const joins = await Promise.all(tickets.map((ticket) => join(server.url, ticket)));
  await Promise.all(joins.map(({ client }) => client.leave()));
  return joins.map(({ times }) => times);
}

async function join(url: string, ticket: string): Promise<{ client: ProtocolClient; times: JoinTimes }> {
  const client = new ProtocolClient(url);
  const beginMs = performance.now();
  await client.connect();
  const openMs = performance.now();
  await client.join({ ticket });
  const endMs = performance.now();
  return { client, times: { total: endMs - beginMs, onOpenSocket: endMs - openMs } };
}
