import { createMemoryRegistry } from "@fairlead/registry/memory";
import { givenClock } from "./given-clock.ts";
import { describeRegistryContract } from "./registry-contract.ts";

describeRegistryContract("memory", async (policy) => {
  const clock = givenClock();
  const create = () => createMemoryRegistry({ now: clock.told, policy });
  const adapter = {
    registry: create(),
    ...clock,
    flush: async () => {
      adapter.registry = create();
    },
    close: () => adapter.registry.close(),
  };
  return adapter;
});
