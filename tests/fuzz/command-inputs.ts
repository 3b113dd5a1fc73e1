import { COMMANDS, CommandEnvelope, KIND_OF_SOURCE, type Source } from "@fairlead/protocol";
import * as fc from "fast-check";
import { type Damage, damaged, damages } from "./damage.ts";
import { draws } from "./draws.ts";
import { fromSchema, Live } from "./from-schema.ts";
import type { Lane } from "./lane.ts";
import { LIVE_KINDS } from "./live-kinds.ts";

type Command = { name: string; data: unknown };
/** `data`: JSON text, which may nest deeper than this process could write. */
export type DrawnCommand = { name: string; data: string };
type CommandNumbers = { id: number; settledBelow: number };

/** Every command of the protocol alike, and some that are none. */
const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.oneof(
      ...Object.entries(COMMANDS).map(([name, { request }]) =>
        fc.record(
          { name: fc.constant(name), data: fromSchema(request, LIVE_KINDS) },
          { noNullPrototype: true },
        ),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        name: fc.oneof(fc.string({ maxLength: 64 }), fc.constantFrom("__proto__", "toString", "constructor")),
        data: fc.jsonValue(),
      },
      { noNullPrototype: true },
    ),
  },
);
/** Rare ones would end every session at once. */
const ENDING = new Set(["session.leave", "peer.remove"]);
const ENDING_SHARE = 0.04;

const DAMAGED_SHARE = 0.08;

/** Commands of a lane's sessions, whatever carries them. */
export class CommandInputs {
  readonly #lane: Lane;
  readonly #commands: () => Command;
  readonly #damages: () => Damage;

  constructor(lane: Lane, seed: number) {
    this.#lane = lane;
    this.#commands = draws(commands, seed);
    this.#damages = draws(damages, seed);
  }

  /** Of a session, with what exists in it, and now and then damaged. */
  draw(): DrawnCommand {
    const lane = this.#lane;
    let { name, data } = this.#commands();
    while (ENDING.has(name) && !lane.chance(ENDING_SHARE)) ({ name, data } = this.#commands());
    if (name === "producer.create" && lane.chance(0.8)) data = fitting(data);
    if (name === "data_producer.create" && lane.chance(0.7)) data = fittingStream(data, lane.random());
    const resolved = lane.resolve(data);
    const text = lane.chance(DAMAGED_SHARE)
      ? shortened(damaged(resolved, this.#damages()))
      : (JSON.stringify(resolved) ?? "null");
    return { name, data: text };
  }
}

export function commandText({ name, data }: DrawnCommand, { id, settledBelow }: CommandNumbers): string {
  const named = JSON.stringify({ type: "command", id, settledBelow, name });
  return `${named.slice(0, -1)},"data":${data}}`;
}

/** Whether a command may carry it. */
export function isData(text: string): boolean {
  return CommandEnvelope.shape.data.safeParse(JSON.parse(text)).success;
}

/** Media of the source's kind; what else it says stays. */
function fitting(data: unknown): unknown {
  const creation = data as { source: Source; rtpParameters: unknown };
  const kind = KIND_OF_SOURCE[creation.source];
  const isAudio = kind === "audio";
  const { rtpParameters } = creation;
  if (!(rtpParameters instanceof Live)) return { ...creation, kind };
  return { ...creation, kind, rtpParameters: new Live("rtpParameters", isAudio ? 0 : 1) };
}

/** Of a stream that is free still, most likely. */
function fittingStream(data: unknown, random: number): unknown {
  const sctpStreamParameters = { streamId: Math.floor(random * 1_024), ordered: true };
  return { ...(data as object), sctpStreamParameters };
}

/** A frame that is too large is another input's. */
function shortened(text: string): string {
  return text.length > 40_000 ? '"too long"' : text;
}
