import { type CommandName, parsePosition } from "@fairlead/protocol";
import type { ProtocolClient } from "../../support/protocol-client.ts";
import { rtpParameters } from "../../support/rtp-parameters.ts";

/** A browser's parameters for a microphone. */
export const microphone = () => ({
  ...({ kind: "audio", source: "microphone" } as const),
  rtpParameters: rtpParameters("opus") as never,
});

export async function publishMicrophone(client: ProtocolClient): Promise<string> {
  return (await client.command("producer.create", microphone())).producerId;
}

/** Pauses and resumes in turn, all at once: each makes one event for everybody. */
export function toggles(client: ProtocolClient, producerId: string, count: number): Promise<unknown>[] {
  const names: CommandName[] = ["producer.pause", "producer.resume"];
  return Array.from({ length: count }, (_, index) =>
    client.command(names[index % 2] as "producer.pause", { producerId }),
  );
}

/** `paused` and `resumed` of one producer, in the order in which `client` applied them. */
export function togglesSeen(client: ProtocolClient, producerId: string): string[] {
  return client.events.flatMap(({ event: { name, data } }) =>
    /^producer\.(paused|resumed)$/.test(name) && "producerId" in data && data.producerId === producerId
      ? [name]
      : [],
  );
}

export const inTurns = (count: number) =>
  Array.from({ length: count }, (_, index) => (index % 2 === 0 ? "producer.paused" : "producer.resumed"));

/** None lost and none twice: 1, 2, 3, … */
export function sequencesOf(client: ProtocolClient): number[] {
  return client.events.map(({ position }) => parsePosition(position).sequence);
}

export const countUpTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
