import { type Bus, callSubject } from "@fairlead/bus";
import { type HlsOrder, type PipedTrack, subjects } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { whileAlive } from "../room/call-mediasoup.ts";
import { PipeEnd, type PipeReach } from "../room/pipe-end.ts";
import type { Room } from "../room/room.ts";
import type { Seat } from "../room/seat.ts";

/** Where pipes to packagers leave from. `publicIp`: where other hosts reach this one; absent: packagers are on this host. */
export type PackagerReach = PipeReach & { publicIp?: string };

export type PackageJobOptions = {
  jobId: string;
  bus: Bus;
  room: Room;
  seat: Seat;
  /** One of each kind at most. */
  producers: readonly types.Producer[];
  order: HlsOrder;
  reach: PackagerReach;
};

/** A process makes HLS of a publisher's media, which goes to it by a pipe. */
export class PackageJob {
  readonly jobId: string;
  readonly order: HlsOrder;
  /** Ids of the producers that it is fed from. */
  readonly producerIds: readonly string[];
  readonly #end: PipeEnd;

  private constructor({ jobId, order, producers }: PackageJobOptions, end: PipeEnd) {
    this.jobId = jobId;
    this.order = order;
    this.producerIds = producers.map(({ id }) => id);
    this.#end = end;
  }

  /** @throws {FairleadError} `node_unreachable`: nobody takes jobs now; what the packager refuses with; `lease_lost`. What mediasoup rejects with. */
  static async start(options: PackageJobOptions): Promise<PackageJob> {
    const { jobId, bus, room, seat, producers, order } = options;
    room.packaged.set(jobId, seat);
    const end = await openEnd(options).catch((error: unknown) => {
      room.packaged.delete(jobId);
      throw error;
    });
    end.transport.observer.once("close", () => room.packaged.delete(jobId));
    try {
      const tracks: PipedTrack[] = [];
      for (const producer of producers) tracks.push(await send(seat, end, producer));
      const { roomId, lease } = room;
      const { epoch, incarnation } = lease;
      const job = { roomId, jobId, epoch, incarnation, order, pipe: end.address, tracks };
      const { pipe } = await callSubject(bus, subjects.liveJobs, "hls.package", job);
      await whileAlive(seat, () => end.connect(pipe as Parameters<PipeEnd["connect"]>[0]));
      return new PackageJob(options, end);
    } catch (error) {
      end.close();
      throw error;
    }
  }

  /** Its media does not flow any more. */
  get isClosed(): boolean {
    return this.#end.closed;
  }

  /** Its packager is told when it proves itself again. Idempotent. */
  close(): void {
    this.#end.close();
  }
}

/** In the ledger a job is one of its room's egresses. */
function openEnd({ jobId, seat, reach }: PackageJobOptions): Promise<PipeEnd> {
  const owner = { ...seat.owner, egressId: jobId };
  return whileAlive(seat, () => PipeEnd.open(seat, toPackager(reach), { hasData: false, owner }));
}

function toPackager({ publicIp, ...reach }: PackagerReach): PipeReach {
  return publicIp === undefined ? reach : { ...reach, ip: publicIp, isAcrossHosts: true };
}

async function send(seat: Seat, end: PipeEnd, producer: types.Producer): Promise<PipedTrack> {
  const { kind, rtpParameters } = await whileAlive(seat, () => end.send(producer));
  const source = kind === "video" ? "camera" : "microphone";
  return { source, kind, rtpParameters: { ...rtpParameters } };
}
