import type { JoinReply } from "@fairlead/protocol";
import type { FuzzSocket } from "./fuzz-socket.ts";
import type { Admitted } from "./model.ts";

/** A session that some input opened, as its client knows it. */
export type FuzzPeer = Admitted &
  Pick<JoinReply, "peerId" | "sessionId" | "grants"> & {
    sessionTicket: string;
    /** The last event that came. */
    position: string;
    transportIds: string[];
    consumerIds: string[];
    commands: CommandIds;
    socket: FuzzSocket | null;
  };

/** The node's proper answer to the next command, by its numbers alone. */
export type Expected = "acts" | "repeated" | "command_stale" | "command_window_exceeded";

const WINDOW = 64;
const HIGHEST = 2 ** 52;

/** A client's numbering of its commands, right most of the time, and what should follow from it. */
export class CommandIds {
  #next = 1;
  #settled = 1;
  readonly #replies = new Map<number, string>();

  /**
   * @param random 0..1.
   * @param isHeard Whether the node hears of it: signaling alone refuses a name that is no command's.
   */
  draw(random: () => number, isHeard = true): { id: number; settledBelow: number; expected: Expected } {
    if (!isHeard) return { id: this.#next, settledBelow: 1, expected: "acts" };
    const dice = random();
    const few = 1 + Math.floor(random() * 5);
    if (dice < 0.03) return this.#named(this.#next - 1, 1);
    if (dice < 0.05) return this.#named(this.#settled - few, few);
    if (dice < 0.07) return this.#named(this.#settled + WINDOW + few, 1);
    const jump = Math.min(HIGHEST, this.#next + Math.floor(random() ** 8 * 1e6));
    if (dice < 0.09 && jump < HIGHEST) return this.#named(jump, jump);
    return this.#named(this.#next, dice < 0.2 ? few * 1e9 : Math.max(1, this.#next - few));
  }

  /** @returns Whether `reply` is what the first command with this id was answered. */
  isSame(id: number, reply: string): boolean {
    return this.#replies.get(id) === reply;
  }

  answered(id: number, reply: string): void {
    this.#next = id + 1;
    this.#replies.set(id, reply);
  }

  #named(wanted: number, below: number): { id: number; settledBelow: number; expected: Expected } {
    const id = Math.max(1, wanted);
    const settledBelow = Math.max(1, below);
    const settled = Math.max(this.#settled, Math.min(settledBelow, id));
    const next = Math.max(this.#next, settled);
    const inWindow = id < settled + WINDOW;
    // One that is sent too early is answered only after those before it: another test's.
    if (inWindow && id > next) return this.#named(next, settledBelow);
    this.#settled = settled;
    this.#next = next;
    if (id < settled) return { id, settledBelow, expected: "command_stale" };
    if (!inWindow) return { id, settledBelow, expected: "command_window_exceeded" };
    return { id, settledBelow, expected: id < next ? "repeated" : "acts" };
  }
}
