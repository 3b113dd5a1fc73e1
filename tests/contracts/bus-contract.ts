import { describe } from "vitest";
import type { CreateBusAdapter } from "./bus-adapter.ts";
import { describeGathering } from "./bus-contract-gathering.ts";
import { describeMessages } from "./bus-contract-messages.ts";
import { describeNodeCalls } from "./bus-contract-node-calls.ts";
import { describeRequests } from "./bus-contract-requests.ts";

/** The contract of the port `Bus`, for every adapter. */
export function describeBusContract(name: string, createAdapter: CreateBusAdapter): void {
  describe(`bus contract: ${name}`, () => {
    describeMessages(createAdapter);
    describeRequests(createAdapter);
    describeGathering(createAdapter);
    describeNodeCalls(createAdapter);
  });
}
