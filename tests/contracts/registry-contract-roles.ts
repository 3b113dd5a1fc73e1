import { describe, expect } from "vitest";
import type { OpenRegistryAdapter } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeRoles(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("roles", () => {
    fact(
      "one process has a role, for as long as it renews it; another one has it once that has lapsed",
      async (adapter) => {
        const { registry, now, advance } = adapter;
        const first = { holder: "one", untilMs: now() + 15_000 };
        expect(await registry.holdRole("autoscaler", "one", 15_000)).toEqual(first);
        await advance(5_000);
        expect(await registry.holdRole("autoscaler", "two", 15_000)).toEqual(first);
        const renewed = { holder: "one", untilMs: now() + 15_000 };
        expect(await registry.holdRole("autoscaler", "one", 15_000)).toEqual(renewed);
        await advance(14_999);
        expect(await registry.holdRole("autoscaler", "two", 15_000)).toEqual(renewed);
        await advance(1);
        expect(await registry.holdRole("autoscaler", "two", 15_000)).toMatchObject({ holder: "two" });
        expect(await registry.holdRole("autoscaler", "one", 15_000)).toMatchObject({ holder: "two" });
      },
    );

    fact(
      "whoever has it may give it up, and nobody else; roles know nothing of each other",
      async (adapter) => {
        const { registry } = adapter;
        await registry.holdRole("autoscaler", "one", 15_000);
        await registry.releaseRole("autoscaler", "two");
        expect(await registry.holdRole("autoscaler", "two", 15_000)).toMatchObject({ holder: "one" });
        expect(await registry.holdRole("another", "two words", 15_000)).toMatchObject({
          holder: "two words",
        });
        await registry.releaseRole("autoscaler", "one");
        await registry.releaseRole("autoscaler", "one");
        expect(await registry.holdRole("autoscaler", "two", 15_000)).toMatchObject({ holder: "two" });
      },
    );
  });
}
