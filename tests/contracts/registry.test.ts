import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describeRegistryContract } from "./registry-contract.ts";

describeRegistryContract("memory", async () => {
  let nowMs = 1_800_000_000_000;
  const registry = createMemoryRegistry({ now: () => nowMs });
  const advance = async (ms: number) => {
    nowMs += ms;
  };
  return { registry, now: () => nowMs, advance, close: () => registry.close() };
});
