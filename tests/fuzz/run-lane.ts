import { compareRooms } from "./compare-rooms.ts";
import { FrameInputs } from "./frame-inputs.ts";
import { HttpInputs } from "./http-inputs.ts";
import { Lane, type LaneParts } from "./lane.ts";
import type { Route } from "./routes.ts";
import { TicketInputs } from "./ticket-inputs.ts";

const COMPARED_EVERY = 300;
const FEW = 4;
const MANY = 7;
/** In what is shown of an input: long runs of the same say as much shortened. */
const REPEATED = /(.{1,12}?)\1{8,}/gs;

/** Sends `count` inputs, one after the other. What is wrong with an answer is thrown with the input and its seed. */
export async function runLane(parts: LaneParts, routes: readonly Route[], count: number): Promise<void> {
  const lane = new Lane(parts);
  const frames = new FrameInputs(lane, parts.seed);
  const http = new HttpInputs(lane, frames, routes, parts.seed);
  const tickets = new TicketInputs(lane, parts.seed);
  const send = async (tell: (input: unknown) => void) => {
    await lane.prepare();
    const dice = lane.random();
    if (lane.isCrowdedOut && dice < 0.3) return http.ask(tell, "liftBan");
    if (lane.peers.length < FEW && dice < 0.5) return http.ask(tell, "openSession");
    if (lane.peers.length > MANY) return http.ask(tell, "leaveSession");
    if (dice < 0.52) return frames.onSession(tell);
    if (dice < 0.55) return frames.onFreshSocket(tell);
    if (dice < 0.82) return http.ask(tell);
    if (dice < 0.9) return http.ask(tell, "streamEvents");
    return tickets.show(tell);
  };
  for (let sent = 0; sent < count; sent += 1) {
    let input: unknown = "(none yet)";
    try {
      await send((told) => {
        input = told;
      });
      if (sent % COMPARED_EVERY === 0) await compareRooms(parts.cluster, parts.model, lane.rooms);
    } catch (error) {
      throw new Error(failure(parts, { sent, input }), { cause: error });
    }
  }
  await compareRooms(parts.cluster, parts.model, lane.rooms);
  for (const { socket } of lane.peers) socket?.terminate();
}

function failure({ seed, index }: LaneParts, { sent, input }: { sent: number; input: unknown }): string {
  return `lane ${index} (seed ${seed}), input ${sent}: ${JSON.stringify(input)?.replace(REPEATED, "$1…").slice(0, 3_000)}`;
}
