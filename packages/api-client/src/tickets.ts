import { TicketAnswer, type TicketRequest } from "@fairlead/protocol";
import type * as z from "zod";
import type { SendRequest } from "./send-request.ts";
import { pathOf } from "./url-path.ts";

/** Scope `tickets`. */
export type Tickets = {
  /**
   * Signs a ticket that admits one identity to one room, which need not exist. Hand `ticket` and `url` to the browser's `joinRoom`.
   * `role: "viewer"`: to watch the broadcast of that id.
   * @throws {FairleadError} `ticket_signer_missing` where the app signs tickets itself.
   */
  issue(room: string, request: z.input<typeof TicketRequest>): Promise<TicketAnswer>;
};

export function ticketsOf(send: SendRequest): Tickets {
  return {
    issue: async (room, body) =>
      send(TicketAnswer, { method: "POST", path: pathOf`/v1/rooms/${room}/tickets`, body }),
  };
}
