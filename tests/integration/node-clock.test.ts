import { RoomOptions } from "@fairlead/protocol";
import { expect, it, onTestFinished } from "vitest";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { askToJoin } from "./calls-by-bus.ts";
import { publish } from "./publish.ts";
import { startCluster } from "./start-cluster.ts";

const EMPTY_SOON = RoomOptions.parse({ emptyTimeoutMs: 10_000 });

it("a node that stood still longer than the grace time frees nobody who is there", async () => {
  let standstillMs = 0;
  const cluster = await startCluster({ now: () => Date.now() + standstillMs });
  onTestFinished(cluster.close);
  const clients = [await cluster.join("one", "ann"), await cluster.join("one", "bob")];
  await cluster.registry.updateRoom("empty", { options: EMPTY_SOON });
  await (await cluster.join("empty", "ann")).leave();
  expect(cluster.resourcesOf("empty")).toMatchObject({ router: 1 });

  standstillMs = 20_000;
  // The sweep that closes the empty room is the first after the standstill.
  await expect.poll(() => cluster.resourcesOf("empty")).toEqual({});
  expect((await cluster.room("one")).peers).toBe(2);
  for (const client of clients) {
    await publish(client, "microphone", rtpParameters("opus"));
    expect(client.framesOf("error")).toEqual([]);
  }
  expect(cluster.bugs).toEqual([]);
});

it("a saturated core takes nobody more, neither into rooms that it has nor into new ones", async () => {
  const startMs = Date.now();
  let slowness = 1;
  // A clock that all but stands makes every millisecond of a worker's CPU time a high share.
  const cluster = await startCluster({ cores: 1, now: () => startMs + (Date.now() - startMs) / slowness });
  onTestFinished(cluster.close);
  const [ann, bob] = [await cluster.ticket("one", "ann"), await cluster.ticket("one", "bob")];
  await askToJoin(cluster, "one", { ticket: ann });
  const [known, fresh] = [
    await cluster.registry.place({ roomId: "one" }),
    await cluster.registry.place({ roomId: "two" }),
  ];
  const load = async () => {
    await cluster.node.dump();
    return (await cluster.nodeStatus())?.cores[0]?.cpuLoad;
  };

  slowness = 10_000;
  await expect.poll(load, { timeout: 10_000, interval: 5 }).toBe(4);
  const full = { code: "core_full" };
  await expect(askToJoin(cluster, "one", { ticket: bob }, known)).rejects.toMatchObject(full);
  const two = await cluster.ticket("two", "ann");
  await expect(askToJoin(cluster, "two", { ticket: two }, fresh)).rejects.toMatchObject(full);

  slowness = 1;
  await expect.poll(load, { timeout: 20_000 }).toBeLessThan(0.9);
  await askToJoin(cluster, "one", { ticket: bob });
  expect((await cluster.room("one")).peers).toBe(2);
  expect(cluster.bugs).toEqual([]);
});
