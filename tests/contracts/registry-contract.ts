import { describe } from "vitest";
import type { CreateRegistryAdapter } from "./registry-adapter.ts";
import { describeArrivals } from "./registry-contract-arrivals.ts";
import { describeBroadcasts } from "./registry-contract-broadcasts.ts";
import { describeBusCuts } from "./registry-contract-bus.ts";
import { describeColdStart } from "./registry-contract-cold.ts";
import { describeConflicts } from "./registry-contract-conflicts.ts";
import { describeDebits } from "./registry-contract-debits.ts";
import { describeDigests } from "./registry-contract-digests.ts";
import { describeFailover } from "./registry-contract-failover.ts";
import { describeFilling } from "./registry-contract-filling.ts";
import { describeGroups } from "./registry-contract-groups.ts";
import { describeRandomHistories } from "./registry-contract-histories.ts";
import { describeBeatInterval } from "./registry-contract-interval.ts";
import { describeLeases } from "./registry-contract-leases.ts";
import { describeLives } from "./registry-contract-lives.ts";
import { describeMoves } from "./registry-contract-moves.ts";
import { describeNodes } from "./registry-contract-nodes.ts";
import { describeLeasePages } from "./registry-contract-pages.ts";
import { describePlacement } from "./registry-contract-placement.ts";
import { describeRates } from "./registry-contract-rates.ts";
import { describeRoles } from "./registry-contract-roles.ts";
import { describeRooms } from "./registry-contract-rooms.ts";
import { describeSilence } from "./registry-contract-silence.ts";
import { describeTime } from "./registry-contract-time.ts";
import { describeWishes } from "./registry-contract-wishes.ts";

/**
 * The contract of the port `Registry`, for every adapter.
 * @param histories How many random histories it lives through.
 */
export function describeRegistryContract(
  name: string,
  createAdapter: CreateRegistryAdapter,
  { histories = 200 }: { histories?: number } = {},
): void {
  const openAdapter = () => createAdapter({ coldMs: 0 });
  describe(`registry contract: ${name}`, () => {
    describePlacement(openAdapter);
    describeWishes(openAdapter);
    describeLeases(openAdapter);
    describeDigests(openAdapter);
    describeLeasePages(openAdapter);
    describeConflicts(openAdapter);
    describeNodes(openAdapter);
    describeLives(openAdapter);
    describeGroups(openAdapter, createAdapter);
    describeArrivals(openAdapter);
    describeRoles(openAdapter);
    describeFailover(openAdapter);
    describeBusCuts(openAdapter);
    describeDebits(openAdapter);
    describeMoves(openAdapter);
    describeFilling(openAdapter);
    describeRates(openAdapter);
    describeRooms(openAdapter, createAdapter);
    describeBroadcasts(openAdapter);
    describeColdStart(createAdapter);
    describeSilence(openAdapter);
    describeTime(openAdapter);
    describeBeatInterval(createAdapter);
    describeRandomHistories(openAdapter, histories);
  });
}
