import { FairleadError, randomId } from "@fairlead/protocol";
import { whileAlive } from "./call-mediasoup.ts";
import type { SeatInRoom } from "./room.ts";
import { Viewer, type ViewerOptions } from "./viewer.ts";

/**
 * Somebody who only receives, without a session: the seam of all watching. It is counted, announced to nobody, and in no limit of peers.
 * @throws {FairleadError} `lease_lost` if the room or the seat went meanwhile.
 */
export async function addViewer(
  { room, seat }: SeatInRoom,
  settings: Pick<ViewerOptions, "identity" | "rtpCapabilities" | "place">,
): Promise<Viewer> {
  const viewerId = randomId();
  const { place = seat } = settings;
  const transport = await whileAlive(place, () =>
    place.openTransport({ ...seat.owner, viewerId }, { enableSctp: false }),
  );
  if (room.takesNobody || seat.closed || transport.closed) {
    transport.close();
    throw new FairleadError("lease_lost");
  }
  const viewer = new Viewer({ ...settings, viewerId, seat, transport, span: room.span });
  room.viewers.set(viewerId, viewer);
  transport.observer.once("close", () => room.viewers.delete(viewerId));
  return viewer;
}
