import {
  type CreateEgress,
  type Egress,
  type EgressWithSdp,
  FairleadError,
  RTP_EGRESSES_PER_ROOM,
} from "@fairlead/protocol";
import type { Room } from "../room/room.ts";
import type { Sender } from "../room/sender.ts";
import { RtpEgress } from "./rtp-egress.ts";
import type { Clocks } from "./rtp-ingest.ts";

const PER_NODE = 100;
const RETRY_MS = 5_000;

/** The egresses by RTP of this node's rooms. */
export class RtpEgresses {
  readonly #egresses = new Set<RtpEgress>();
  readonly #clocks: Clocks;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  /** It counts from now on. @throws {FairleadError} `rtp_limit`, `no_capacity`. */
  begin(room: Room, sender: Sender, wish: CreateEgress): RtpEgress {
    if (this.#of(room).length >= RTP_EGRESSES_PER_ROOM) throw new FairleadError("rtp_limit");
    if (this.#egresses.size >= PER_NODE)
      throw new FairleadError("no_capacity", {
        message: "the node takes no RTP egress more",
        retryAfterMs: RETRY_MS,
      });
    const egress = new RtpEgress({ room, sender, wish, clocks: this.#clocks });
    this.#egresses.add(egress);
    egress.onClosed(() => this.#egresses.delete(egress));
    return egress;
  }

  /** Without SDP and keys. */
  list(room: Room): Egress[] {
    return this.#of(room).flatMap(({ answer }) => (answer ? withoutKeys(answer) : []));
  }

  /** @throws {FairleadError} `egress_not_found`. */
  find(room: Room, egressId: string): RtpEgress {
    const found = this.#of(room).find((egress) => egress.egressId === egressId && egress.answer);
    if (!found) throw new FairleadError("egress_not_found");
    return found;
  }

  /** Called about once a second. */
  sweep(): void {
    for (const egress of [...this.#egresses]) egress.look();
  }

  #of(room: Room): RtpEgress[] {
    return [...this.#egresses].filter((egress) => egress.room === room && !egress.isClosed);
  }
}

function withoutKeys(answer: EgressWithSdp): Egress {
  return { ...answer, tracks: answer.tracks.map(({ srtp: _, sdp: __, ...track }) => track) };
}
