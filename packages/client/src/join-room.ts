import { FairleadError } from "@fairlead/protocol";
import type { JoinOptions } from "./api/options.ts";
import type { Room } from "./api/room.ts";
import { ClientRoom } from "./client-room.ts";
import { baseUrls } from "./connection/base-url.ts";
import { CapabilitiesCache } from "./connection/capabilities-cache.ts";
import { Introduction } from "./connection/introduction.ts";
import { exponentialBackoff } from "./connection/reconnect-policy.ts";
import { RoomLink, type RoomLinkHandlers } from "./connection/room-link.ts";
import { MediaDevice } from "./media/media-device.ts";

const JOIN_TIMEOUT_MS = 15_000;

/**
 * Joins the room that `ticket` names.
 * @throws {FairleadError} When the room refuses: `ticket_expired`, `banned`, `room_full`, `no_capacity`, …;
 * `signaling_unreachable`; `node_timeout` when nothing came of it in time. Nothing stays open then.
 */
export async function joinRoom(options: JoinOptions): Promise<Room> {
  const { http, webSocket } = baseUrls(options.url);
  const {
    ticket,
    autoSubscribe = true,
    pauseInvisibleVideo = true,
    joinTimeoutMs = JOIN_TIMEOUT_MS,
  } = options;
  const introduction = new Introduction({ ticket, autoSubscribe });
  const device = new MediaDevice(options.device ?? {}, introduction);
  const cache = new CapabilitiesCache(http);
  const policy = options.reconnect ?? exponentialBackoff();
  const createLink = (handlers: RoomLinkHandlers) =>
    new RoomLink({
      ...{ introduction, policy, now: () => performance.now(), random: Math.random },
      url: `${webSocket}/v1/connect`,
      handlers: {
        ...handlers,
        capabilities: (fresh) => handlers.capabilities(cache.save(fresh)),
      },
    });
  const timeout = AbortSignal.timeout(joinTimeoutMs);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  await device.load(await cache.load(signal));
  const room = new ClientRoom({ device, pauseInvisibleVideo, createLink });
  await joinWithin(room, signal);
  return room;
}

async function joinWithin(room: ClientRoom, signal: AbortSignal): Promise<void> {
  const giveUp = () => room.close(new FairleadError("node_timeout", { message: "not joined in time" }));
  signal.addEventListener("abort", giveUp);
  try {
    if (signal.aborted) giveUp();
    await room.join();
  } catch (error) {
    room.close(error instanceof FairleadError ? error : new FairleadError("internal", { cause: error }));
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
