import { createMemoryBus } from "@fairlead/bus/memory";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { expect, it } from "vitest";
import { setUpHttp } from "../testing/http-setup.ts";

async function setUp() {
  const clock = { nowMs: 1_800_000_000_000 };
  const registry = createMemoryRegistry({ now: () => clock.nowMs });
  const parts = await setUpHttp(createMemoryBus(), registry);
  const read = (query = "", key = "key-of-readers") =>
    parts.signaling.app.request(`/v1/capacity${query}`, { headers: { authorization: `Bearer ${key}` } });
  return { clock, registry, read };
}

it("whoever may read is told of all groups, or of one", async () => {
  const { read } = await setUp();
  const all = await read();
  expect(all.status).toBe(200);
  const { groups } = (await all.json()) as { groups: { group: string }[] };
  expect(groups).toMatchObject([{ nodes: { ready: 1, draining: 0 }, wantedNodes: 2, wantedFor: "minimum" }]);
  expect(await (await read(`?group=${groups[0]?.group}`)).json()).toEqual({ groups });
  expect((await read("?group=a%20b")).status).toBe(400);
  expect((await read("", "key-of-tickets")).status).toBe(403);
});

it("a group without nodes, a silent index and one that is away are answered with 503, never with none", async () => {
  const { read, clock, registry } = await setUp();
  const refusal = async (query = "") => {
    const answer = await read(query);
    return [answer.status, ((await answer.json()) as { error: { code: string } }).error.code];
  };
  expect(await refusal("?group=nobody")).toEqual([503, "registry_cold"]);
  clock.nowMs += 60_000;
  expect(await refusal()).toEqual([503, "registry_cold"]);
  await registry.close();
  expect(await refusal()).toEqual([503, "registry_unreachable"]);
});
