import type { NodeCallHandlers } from "@fairlead/bus";
import { FairleadError } from "@fairlead/protocol";

export type BroadcastHandlers = Pick<
  NodeCallHandlers,
  | "whip.open"
  | "whep.open"
  | "sdp_session.patch"
  | "sdp_session.close"
  | "broadcast.describe"
  | "broadcast.update"
>;

export function answerBroadcastCalls(): BroadcastHandlers {
  const refuse = () => {
    throw new FairleadError("broadcast_not_found");
  };
  return {
    "whip.open": refuse,
    "whep.open": refuse,
    "sdp_session.patch": refuse,
    "sdp_session.close": refuse,
    "broadcast.describe": refuse,
    "broadcast.update": refuse,
  };
}
