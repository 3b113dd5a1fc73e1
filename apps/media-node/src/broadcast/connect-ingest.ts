import { isIP } from "node:net";
import {
  FairleadError,
  type NodeCallReply,
  type NodeCallRequest,
  type PipeAddress,
} from "@fairlead/protocol";
import type { types } from "mediasoup";
import { addPublisher } from "../room/add-publisher.ts";
import { whileAlive } from "../room/call-mediasoup.ts";
import { PipeEnd, type PipeReach } from "../room/pipe-end.ts";
import { produceOn } from "../room/produce-on.ts";
import type { Publisher } from "../room/publisher.ts";
import type { Seat } from "../room/seat.ts";
import type { IngestCallsDeps } from "./sdp-calls-deps.ts";

/**
 * Its media comes by this pipe from now on, and by none before it.
 * @returns The home's end.
 * @throws {FairleadError} `session_gone`, `lease_lost`; `invalid_request`: this node takes no pipe from that address; `media_rejected`.
 */
export async function connectIngest(
  { roomId, sessionId, pipe, tracks }: NodeCallRequest<"ingest.connect">,
  { ingests, broadcasts, pipeReach }: IngestCallsDeps,
): Promise<NodeCallReply<"ingest.connect">> {
  const ingest = ingests.find(sessionId, roomId);
  const { room } = ingest;
  const { title } = (await broadcasts.of(room)).record;
  const seat = await room.span.seatOn(ingest.core);
  const publisher = addPublisher(
    { room, seat },
    { identity: roomId, name: title, metadata: "", followsRoom: true },
  );
  try {
    const end = await openPipe(seat, publisher, { pipe, reach: pipeReach });
    // The publisher before it closes with this, and its pipe.
    ingest.use(publisher);
    for (const { source, kind, rtpParameters } of tracks)
      await publisher.publish(source, (basis) =>
        whileAlive(seat, () =>
          produceOn(end.transport, { ...basis, kind, rtpParameters } as types.ProducerOptions),
        ),
      );
    if (ingest.isClosed) throw new FairleadError("session_gone");
    return { pipe: end.address };
  } catch (error) {
    // Its pipe closes with it.
    publisher.close();
    throw error;
  }
}

async function openPipe(
  seat: Seat,
  publisher: Publisher,
  { pipe, reach }: { pipe: PipeAddress; reach: PipeReach & { publicIp?: string } },
): Promise<PipeEnd> {
  const ip = isLoopback(pipe.ip) ? reach.ip : reach.publicIp;
  if (ip === undefined || isIP(pipe.ip) === 0)
    throw new FairleadError("invalid_request", { message: `no pipe comes here from ${pipe.ip}` });
  const from = { ...reach, ip, isAcrossHosts: pipe.srtpParameters !== undefined };
  const { owner } = publisher;
  const end = await whileAlive(seat, () => PipeEnd.open(seat, from, { hasData: false, owner }));
  void publisher.ended.then(() => end.close());
  await whileAlive(seat, () => end.connect(pipe as Parameters<PipeEnd["connect"]>[0]));
  return end;
}

function isLoopback(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}
