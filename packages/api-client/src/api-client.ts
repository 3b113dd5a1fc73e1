import { type ApiClientOptions, checkOptions } from "./api-client-options.ts";
import { type Bans, bansOf } from "./bans.ts";
import { type Broadcasts, broadcastsOf } from "./broadcasts.ts";
import { type Capacity, capacityOf } from "./capacity.ts";
import { type Nodes, nodesOf } from "./nodes.ts";
import { type Peers, peersOf } from "./peers.ts";
import { type Rooms, roomsOf } from "./rooms.ts";
import { type Egresses, egressesOf, type Ingests, ingestsOf } from "./rtp.ts";
import { createSender } from "./send-request.ts";
import { type SurplusApi, surplusOf } from "./surplus.ts";
import { type Tickets, ticketsOf } from "./tickets.ts";

/**
 * Fairlead's HTTP API, for back ends and operators. Every method throws a `FairleadError` with the code of the refusal, and with
 * `signaling_unreachable` when nobody answered; reads are tried again by themselves.
 */
export type ApiClient = {
  tickets: Tickets;
  rooms: Rooms;
  peers: Peers;
  bans: Bans;
  broadcasts: Broadcasts;
  ingests: Ingests;
  egresses: Egresses;
  nodes: Nodes;
  capacity: Capacity;
  surplus: SurplusApi;
};

/**
 * Needs nothing but `fetch`.
 * @throws {TypeError} For a `url` or an `apiKey` that is none.
 */
export function createApiClient(options: ApiClientOptions): ApiClient {
  checkOptions(options);
  const send = createSender(options);
  return {
    tickets: ticketsOf(send),
    rooms: roomsOf(send),
    peers: peersOf(send),
    bans: bansOf(send),
    broadcasts: broadcastsOf(send),
    ingests: ingestsOf(send),
    egresses: egressesOf(send),
    nodes: nodesOf(send),
    capacity: capacityOf(send),
    surplus: surplusOf(send),
  };
}
