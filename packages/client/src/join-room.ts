import { FairleadError } from "@fairlead/protocol";
import type { JoinOptions } from "./api/options.ts";
import type { Room } from "./api/room.ts";
import { baseUrls } from "./channel/base-url.ts";
import { HttpChannel } from "./channel/http-channel.ts";
import { TransportMemory } from "./channel/transport-memory.ts";
import { Ways } from "./channel/ways.ts";
import { WebSocketChannel } from "./channel/web-socket-channel.ts";
import { ClientRoom } from "./client-room.ts";
import { CapabilitiesCache } from "./connection/capabilities-cache.ts";
import { Introduction } from "./connection/introduction.ts";
import { exponentialBackoff } from "./connection/reconnect-policy.ts";
import { RoomLink, type RoomLinkHandlers } from "./connection/room-link.ts";
import { MediaDevice } from "./media/media-device.ts";

const JOIN_TIMEOUT_MS = 15_000;

/**
 * Joins the room that `ticket` names.
 * @throws {FairleadError} When the room refuses: `ticket_expired`, `banned`, `room_full`, `no_capacity`, …;
 * `signaling_unreachable`; when nothing came of it in time the last refusal, or `node_timeout` without one. Nothing stays open then.
 */
export async function joinRoom(options: JoinOptions): Promise<Room> {
  const urls = baseUrls(options.url);
  const {
    ticket,
    autoSubscribe = true,
    pauseInvisibleVideo = true,
    iceTransportPolicy = "all",
    joinTimeoutMs = JOIN_TIMEOUT_MS,
    transport = "auto",
  } = options;
  const introduction = new Introduction({ ticket, autoSubscribe });
  const device = new MediaDevice(options.device ?? {}, introduction);
  const cache = new CapabilitiesCache(urls.http);
  const policy = options.reconnect ?? exponentialBackoff();
  const ways = createWays(urls, transport, introduction);
  const createLink = (handlers: RoomLinkHandlers) =>
    new RoomLink({
      ...{ introduction, ways, policy, now: () => performance.now(), random: Math.random },
      handlers: {
        ...handlers,
        capabilities: (fresh) => handlers.capabilities(cache.save(fresh)),
      },
    });
  const timeout = AbortSignal.timeout(joinTimeoutMs);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  await device.load(await cache.load(signal));
  const room = new ClientRoom({ device, iceTransportPolicy, pauseInvisibleVideo, createLink });
  await joinWithin(room, signal);
  return room;
}

function createWays(
  urls: { http: string; webSocket: string },
  transport: NonNullable<JoinOptions["transport"]>,
  introduction: Introduction,
): Ways {
  const http = { url: urls.http, sessionId: () => introduction.sessionId };
  return new Ways({
    transport,
    open: {
      websocket: (handlers) => new WebSocketChannel(`${urls.webSocket}/v1/connect`, handlers),
      http: (handlers) => new HttpChannel(http, handlers),
    },
    memory: new TransportMemory(urls.http, Date.now),
    random: Math.random,
  });
}

async function joinWithin(room: ClientRoom, signal: AbortSignal): Promise<void> {
  const giveUp = () => room.giveUp(new FairleadError("node_timeout", { message: "not joined in time" }));
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
