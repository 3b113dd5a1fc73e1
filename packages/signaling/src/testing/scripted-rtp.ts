import type { NodeCallHandlers } from "@fairlead/bus";
import { Egress, FairleadError, Ingest, type RtpCallName } from "@fairlead/protocol";
import { EXAMPLES } from "../openapi/examples.ts";
import type { ScriptedRooms } from "./scripted-rooms.ts";

/** A node's side of RTP without media: one ingest and one egress at a time, as the document's examples have them. */
export function answerRtpCalls(rooms: Pick<ScriptedRooms, "open">): Pick<NodeCallHandlers, RtpCallName> {
  const open = { ingest: false, egress: false };
  const close = (what: keyof typeof open) => {
    if (!open[what]) throw new FairleadError(`${what}_not_found`);
    open[what] = false;
    return {};
  };
  return {
    "rtp_ingest.open": (request) => {
      rooms.open(request);
      open.ingest = true;
      return EXAMPLES.IngestWithKeys;
    },
    "rtp_ingest.list": () => ({ ingests: open.ingest ? [Ingest.parse(EXAMPLES.Ingest)] : [] }),
    "rtp_ingest.close": () => close("ingest"),
    "rtp_egress.open": () => {
      open.egress = true;
      return EXAMPLES.EgressWithSdp;
    },
    "rtp_egress.list": () => ({ egresses: open.egress ? [Egress.parse(EXAMPLES.Egress)] : [] }),
    "rtp_egress.close": () => close("egress"),
  };
}
