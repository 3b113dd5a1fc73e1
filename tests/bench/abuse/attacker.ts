import { setTimeout as delay } from "node:timers/promises";
import { type ClientFrameInput, COMMAND_WINDOW, PROTOCOL_VERSION } from "@fairlead/protocol";
import { ProtocolClient } from "../../support/protocol-client.ts";
import { openWebSocket } from "../../support/wires/open-websocket.ts";
import { answerParent } from "../processes/ask-child.ts";
import { FLOODS, type Flood } from "./floods.ts";

export type AttackKind = keyof typeof FLOODS | "acknowledgement" | "resume" | "join";

export type AttackerTasks = {
  /** Sends the dearest of a kind as fast as signaling's limits let it, with one ticket. */
  attack: {
    input: { url: string; ticket: string; kind: AttackKind; ms: number };
    output: { sent: number; refused: number };
  };
};

type Attack = { url: string; ticket: string; untilMs: number; counts: { sent: number; refused: number } };

/** Just below what closes a socket. */
const FRAMES_PER_SECOND = 190;
const TICK_MS = 20;
/** Sockets at a time that join or resume. */
const AT_ONCE = 8;
const SNAPSHOT_MS = 2_000;

answerParent({
  attack: async ({ url, ticket, kind, ms }: AttackerTasks["attack"]["input"]) => {
    const attack: Attack = { url, ticket, untilMs: performance.now() + ms, counts: { sent: 0, refused: 0 } };
    if (kind === "join") await atOnce(attack, () => joinOnce(attack));
    else if (kind === "resume") await resumeAgain(attack);
    else await floodFrames(attack, kind);
    return attack.counts;
  },
});

async function floodFrames(attack: Attack, kind: Exclude<AttackKind, "join" | "resume">): Promise<void> {
  while (performance.now() < attack.untilMs) {
    const mallory = await joinAtLast(attack);
    const send =
      kind === "acknowledgement" ? acknowledging(mallory) : commanding(mallory, attack, FLOODS[kind]);
    let owed = 0;
    while (mallory.isConnected && performance.now() < attack.untilMs) {
      for (owed += (FRAMES_PER_SECOND * TICK_MS) / 1_000; owed >= 1; owed -= 1)
        if (send()) attack.counts.sent += 1;
      await delay(TICK_MS);
    }
    mallory.drop();
  }
}

/** Joins, and waits for what is there; refused, it tries again. */
async function joinAtLast({ url, ticket }: Attack): Promise<ProtocolClient> {
  for (;;) {
    try {
      const mallory = await ProtocolClient.join(url, { ticket });
      await mallory.until(
        () => mallory.events.some(({ event }) => event.name === "snapshot.ended"),
        "the room",
      );
      await delay(SNAPSHOT_MS / 4);
      return mallory;
    } catch {
      await delay(SNAPSHOT_MS / 4);
    }
  }
}

/** @returns Sends one more, if its window lets it. */
function commanding(mallory: ProtocolClient, { counts }: Attack, flood: Flood): () => boolean {
  const next = flood(mallory);
  let [turn, inFlight, made] = [0, 0, {}];
  return () => {
    if (inFlight >= COMMAND_WINDOW - 1) return false;
    const { name, data } = next(turn, made);
    turn += 1;
    inFlight += 1;
    mallory
      .command(name, data as never)
      .then(
        (reply) => {
          if (Object.keys(reply).some((key) => key.endsWith("roducerId"))) made = reply;
        },
        () => {
          counts.refused += 1;
        },
      )
      .finally(() => {
        inFlight -= 1;
      });
    return true;
  };
}

/** Each moves on by one, and asks for the whole log again. */
function acknowledging(mallory: ProtocolClient): () => boolean {
  const { epoch } = mallory.joined;
  let sequence = 0;
  return () => {
    const last = Number(mallory.position.split(":")[1]);
    sequence = sequence < last ? sequence + 1 : 0;
    mallory.send({ type: "ack", position: `${epoch}:${sequence}`, resend: true });
    return true;
  };
}

async function joinOnce({ url, ticket, counts }: Attack): Promise<void> {
  const mallory = new ProtocolClient(url);
  try {
    await mallory.connect();
    await mallory.join({ ticket });
  } catch {
    counts.refused += 1;
  }
  mallory.drop();
}

/** From the very first position, so that each brings a whole snapshot. */
async function resumeAgain(attack: Attack): Promise<void> {
  const mallory = await joinAtLast(attack);
  const { position, sessionTicket } = mallory.joined;
  mallory.drop();
  const resume: ClientFrameInput = {
    type: "resume",
    protocolVersion: PROTOCOL_VERSION,
    sessionTicket,
    position,
  };
  await atOnce(attack, async () => {
    const { promise: answered, resolve } = Promise.withResolvers<boolean>();
    const wire = await openWebSocket(attack.url, {
      onFrame: (frame) => resolve(frame.type !== "error"),
      onClose: () => resolve(false),
    });
    wire.send(JSON.stringify(resume));
    if (!(await answered)) attack.counts.refused += 1;
    wire.drop();
  });
}

async function atOnce({ untilMs, counts }: Attack, act: () => Promise<void>): Promise<void> {
  const loop = async () => {
    while (performance.now() < untilMs) {
      counts.sent += 1;
      await act().catch(() => delay(TICK_MS));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loop));
}
