import { CapacityAnswer, type GroupCapacity } from "@fairlead/protocol";
import type { SendRequest } from "./send-request.ts";
import { pathOf } from "./url-path.ts";

/** `group`: only of this one. */
export type CapacityQuery = { group?: string };

/** Scope `read`. */
export type Capacity = {
  /**
   * What groups of nodes carry and want.
   * @throws {FairleadError} `registry_cold`, `registry_unreachable`: nobody knows now. Never an empty list.
   */
  read(query?: CapacityQuery): Promise<GroupCapacity[]>;
};

export function capacityOf(send: SendRequest): Capacity {
  return {
    read: async (query = {}) =>
      (await send(CapacityAnswer, { method: "GET", path: pathOf`/v1/capacity`, query })).groups,
  };
}
