import { BATCH_LIMIT, type PeerInfo, type RoomEvent } from "@fairlead/protocol";
import type { Session } from "../session/session.ts";

/** In a room of more peers than this, arrivals are gathered. */
const GATHERED_ABOVE = 50;
const GATHERED_FOR_MS = 50;

type Tell = (event: RoomEvent, to: readonly Session[]) => void;

/**
 * Tells the peers of a room who has come. In a large room arrivals that follow each other closely are told together, so that a crowd
 * that comes at once costs less. Whatever else the room has to say comes after them: call `tell` before.
 */
export class Arrivals {
  readonly #sessions: () => Session[];
  readonly #tell: Tell;
  #waiting: PeerInfo[] = [];
  /** Sessions whose snapshot had that many of the waiting ones. */
  readonly #known = new Map<Session, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param sessions Those that are in the room now. */
  constructor(sessions: () => Session[], tell: Tell) {
    this.#sessions = sessions;
    this.#tell = tell;
  }

  /** Called before the peer is in the room. */
  add(peer: PeerInfo, roomSize: number): void {
    if (roomSize <= GATHERED_ABOVE) {
      this.#tell(joined([peer]), this.#sessions());
      return;
    }
    this.#waiting.push(peer);
    this.#timer ??= setTimeout(() => this.tell(), GATHERED_FOR_MS);
    if (this.#waiting.length >= BATCH_LIMIT) this.tell();
  }

  /** A session begins with a snapshot of the room as it is now. */
  noteSnapshot(session: Session): void {
    if (this.#waiting.length > 0) this.#known.set(session, this.#waiting.length);
  }

  /** Tells at once what was gathered. Does nothing mostly. */
  tell(): void {
    if (this.#waiting.length === 0) return;
    const [waiting, known] = [this.#waiting, new Map(this.#known)];
    this.close();
    for (const [count, sessions] of Map.groupBy(this.#sessions(), (session) => known.get(session) ?? 0))
      if (count < waiting.length) this.#tell(joined(waiting.slice(count)), sessions);
  }

  /** Nobody is left to be told. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#known.clear();
  }
}

function joined(peers: PeerInfo[]): RoomEvent {
  return { name: "peers.joined", data: { peers } };
}
