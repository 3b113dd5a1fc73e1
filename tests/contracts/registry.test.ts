import { createMemoryRegistry } from "@fairlead/registry/memory";
import type { PlacementPolicy } from "@fairlead/registry/placement";
import type { RegistryAdapter } from "./registry-adapter.ts";
import { describeRegistryContract } from "./registry-contract.ts";

describeRegistryContract("memory", async (policy) => new MemoryAdapter(policy));

class MemoryAdapter implements RegistryAdapter {
  readonly #policy: Partial<PlacementPolicy>;
  #nowMs = 1_800_000_000_000;
  registry = createMemoryRegistry();

  constructor(policy: Partial<PlacementPolicy>) {
    this.#policy = policy;
    void this.flush();
  }

  now = () => this.#nowMs;

  advance = async (ms: number) => {
    this.#nowMs += ms;
  };

  flush = async () => {
    this.registry = createMemoryRegistry({ now: this.now, policy: this.#policy });
  };

  close = () => this.registry.close();
}
