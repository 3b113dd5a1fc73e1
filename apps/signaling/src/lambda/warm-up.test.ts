import { FairleadError } from "@fairlead/protocol";
import { expect, it } from "vitest";
import { warmUp } from "./warm-up.ts";

/** A registry that does not answer the first calls. */
function startCold(coldFor: number) {
  const calls: string[] = [];
  const answer = async (name: string) => {
    calls.push(name);
    if (calls.length <= coldFor) throw new FairleadError("registry_unreachable");
  };
  const registry = {
    ping: () => answer("ping"),
    count: async () => {
      await answer("count");
      return [];
    },
  };
  return { registry, calls };
}

it("asks until the registry has answered, also what needs its clock and a script", async () => {
  const { registry, calls } = startCold(2);
  await warmUp(registry);
  expect(calls).toEqual(["ping", "ping", "ping", "count"]);
});

it("lets the start go on when the registry is away", async () => {
  const { registry, calls } = startCold(100);
  await warmUp(registry);
  expect(calls).toEqual(["ping", "ping", "ping", "ping"]);
});
