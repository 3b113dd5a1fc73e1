import { createMemoryBus } from "@fairlead/bus/memory";
import { FairleadError, NodePage, NodeStatus } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";
import { startScriptedNode } from "../testing/scripted-node.ts";

async function setUp() {
  const bus = createMemoryBus();
  const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
  const { call, node, place } = await setUpHttp(bus, registry);
  const other = await startScriptedNode(bus, registry, { nodeId: "node-b" });
  return { bus, registry, call, node, other, place };
}

describe("nodes over HTTP", () => {
  it("are listed in pages, with the load and debit of each core", async () => {
    const { call, place } = await setUp();
    await place("standup");
    const first = NodePage.parse(await (await call("GET", "/v1/nodes?limit=1")).json());
    const second = NodePage.parse(
      await (await call("GET", `/v1/nodes?limit=1&cursor=${first.cursor}`)).json(),
    );
    expect([...first.nodes, ...second.nodes].map(({ nodeId }) => nodeId)).toEqual(["node-a", "node-b"]);
    expect(second.cursor).toBeUndefined();
    const debits = [...first.nodes, ...second.nodes].flatMap(({ cores }) => cores.map(({ debit }) => debit));
    expect(debits.filter((debit) => debit > 0)).toHaveLength(1);
  });

  it("are read one by one, and one that nobody knows is node_not_found", async () => {
    const { call } = await setUp();
    const read = NodeStatus.parse(await (await call("GET", "/v1/nodes/node-b")).json());
    expect(read).toMatchObject({ nodeId: "node-b", state: "ready" });
    for (const [method, path] of [
      ["GET", "/v1/nodes/none"],
      ["POST", "/v1/nodes/none/drain"],
      ["DELETE", "/v1/nodes/none/drain"],
    ] as const)
      expect(await refusalOf(await call(method, path)), path).toEqual([404, "node_not_found"]);
  });

  it("are told to drain, and that it is over", async () => {
    const { call, node, other } = await setUp();
    node.answer("node.drain", () => ({ state: "draining", rooms: 3 }));
    const drained = await call("POST", "/v1/nodes/node-a/drain");
    expect([drained.status, await drained.json()]).toEqual([
      200,
      { nodeId: "node-a", state: "draining", rooms: 3 },
    ]);
    const ready = await call("DELETE", "/v1/nodes/node-a/drain");
    expect(await ready.json()).toEqual({ nodeId: "node-a", state: "ready", rooms: 0 });
    expect(node.calls.map(({ name }) => name)).toEqual(["node.drain", "node.undrain"]);
    expect(other.calls).toEqual([]);
  });

  it("that do not answer are node_unreachable", async () => {
    const { call, node } = await setUp();
    node.kill();
    expect(await refusalOf(await call("POST", "/v1/nodes/node-a/drain"))).toEqual([503, "node_unreachable"]);
  });

  it("are drained while the registry is away too", async () => {
    const { call, node, registry } = await setUp();
    registry.listNodes = () => Promise.reject(new FairleadError("registry_unreachable"));
    expect((await call("POST", "/v1/nodes/node-a/drain")).status).toBe(200);
    expect(node.callsTo("node.drain")).toHaveLength(1);
    expect(await refusalOf(await call("GET", "/v1/nodes"))).toEqual([503, "registry_unreachable"]);
  });
});
