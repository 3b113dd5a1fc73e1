import { describe } from "vitest";
import type { CreateRegistryAdapter } from "./registry-adapter.ts";
import { describeHeartbeats } from "./registry-contract-heartbeats.ts";
import { describeRandomHistories } from "./registry-contract-histories.ts";
import { describeLeases } from "./registry-contract-leases.ts";
import { describePlacement } from "./registry-contract-placement.ts";
import { describeRooms } from "./registry-contract-rooms.ts";

/** What every adapter of the `Registry` port must do. */
export function describeRegistryContract(name: string, createAdapter: CreateRegistryAdapter): void {
  describe(`registry contract: ${name}`, () => {
    describePlacement(createAdapter);
    describeLeases(createAdapter);
    describeHeartbeats(createAdapter);
    describeRooms(createAdapter);
    describeRandomHistories(createAdapter);
  });
}
