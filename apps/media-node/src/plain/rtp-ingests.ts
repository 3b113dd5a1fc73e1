import { FairleadError, type Ingest, type IngestWithKeys, RTP_INGESTS_PER_ROOM } from "@fairlead/protocol";
import type { Room } from "../room/room.ts";
import { type Clocks, RtpIngest } from "./rtp-ingest.ts";

/** Each takes up to eight ports. */
const PER_NODE = 100;
const RETRY_MS = 5_000;

/** The ingests by RTP of this node's rooms. */
export class RtpIngests {
  readonly #ingests = new Set<RtpIngest>();
  readonly #clocks: Clocks;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  /** It counts from now on. @throws {FairleadError} `rtp_limit`, `no_capacity`. */
  begin(room: Room): RtpIngest {
    if (this.#of(room).length >= RTP_INGESTS_PER_ROOM) throw new FairleadError("rtp_limit");
    if (this.#ingests.size >= PER_NODE)
      throw new FairleadError("no_capacity", {
        message: "the node takes no RTP ingest more",
        retryAfterMs: RETRY_MS,
      });
    const ingest = new RtpIngest(room, this.#clocks);
    this.#ingests.add(ingest);
    ingest.onClosed(() => this.#ingests.delete(ingest));
    return ingest;
  }

  /** Without keys. */
  list(room: Room): Ingest[] {
    return this.#of(room).flatMap(({ answer }) => (answer ? withoutKeys(answer) : []));
  }

  /** @throws {FairleadError} `ingest_not_found`. */
  find(room: Room, ingestId: string): RtpIngest {
    const found = this.#of(room).find((ingest) => ingest.ingestId === ingestId && ingest.answer);
    if (!found) throw new FairleadError("ingest_not_found");
    return found;
  }

  /** Called about once a second. Never rejects. */
  async sweep(): Promise<void> {
    await Promise.all([...this.#ingests].map((ingest) => ingest.look()));
  }

  #of(room: Room): RtpIngest[] {
    return [...this.#ingests].filter((ingest) => ingest.room === room && !ingest.isClosed);
  }
}

function withoutKeys(answer: IngestWithKeys): Ingest {
  return { ...answer, tracks: answer.tracks.map(({ srtp: _, ...track }) => track) };
}
