import {
  type CreateEgress,
  type CreateIngest,
  Egress,
  EgressList,
  EgressWithSdp,
  Ingest,
  IngestList,
  IngestWithKeys,
} from "@fairlead/protocol";
import type * as z from "zod";
import { Nothing, type SendRequest } from "./send-request.ts";
import { pathOf } from "./url-path.ts";

/** RTP of encoders into rooms. Scope `rooms`. */
export type Ingests = {
  /** @returns It with its keys, which nobody can read later. @throws {FairleadError} `rtp_refused`, `rtp_limit`, `publisher_active`, `banned`. */
  open(room: string, request: z.input<typeof CreateIngest>): Promise<IngestWithKeys>;
  /** @throws {FairleadError} `room_not_found`. */
  list(room: string): Promise<Ingest[]>;
  /** @throws {FairleadError} `ingest_not_found`, `room_not_found`: it is gone, with its room's place perhaps. */
  read(room: string, ingest: string): Promise<Ingest>;
  close(room: string, ingest: string): Promise<void>;
};

/** RTP of rooms to recorders. Scope `rooms`. */
export type Egresses = {
  /** @returns It with an SDP for each track, which nobody can read later. @throws {FairleadError} `rtp_refused`, `rtp_limit`, `producer_not_found`. */
  open(room: string, request: z.input<typeof CreateEgress>): Promise<EgressWithSdp>;
  /** @throws {FairleadError} `room_not_found`. */
  list(room: string): Promise<Egress[]>;
  /** @throws {FairleadError} `egress_not_found`, `room_not_found`: it is over. */
  read(room: string, egress: string): Promise<Egress>;
  close(room: string, egress: string): Promise<void>;
};

export function ingestsOf(send: SendRequest): Ingests {
  const all = (room: string) => pathOf`/v1/rooms/${room}/ingests`;
  const one = (room: string, ingest: string) => pathOf`/v1/rooms/${room}/ingests/${ingest}`;
  return {
    open: async (room, body) => send(IngestWithKeys, { method: "POST", path: all(room), body }),
    list: async (room) => (await send(IngestList, { method: "GET", path: all(room) })).ingests,
    read: async (room, ingest) => send(Ingest, { method: "GET", path: one(room, ingest) }),
    close: async (room, ingest) => send(Nothing, { method: "DELETE", path: one(room, ingest) }),
  };
}

export function egressesOf(send: SendRequest): Egresses {
  const all = (room: string) => pathOf`/v1/rooms/${room}/egresses`;
  const one = (room: string, egress: string) => pathOf`/v1/rooms/${room}/egresses/${egress}`;
  return {
    open: async (room, body) => send(EgressWithSdp, { method: "POST", path: all(room), body }),
    list: async (room) => (await send(EgressList, { method: "GET", path: all(room) })).egresses,
    read: async (room, egress) => send(Egress, { method: "GET", path: one(room, egress) }),
    close: async (room, egress) => send(Nothing, { method: "DELETE", path: one(room, egress) }),
  };
}
