import { createMemoryBus } from "@fairlead/bus/memory";
import { FairleadError, SURPLUS_PER_PAGE, type Surplus, SurplusListing } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";
import { type ScriptedNode, startScriptedNode } from "../testing/scripted-node.ts";

async function setUp() {
  const bus = createMemoryBus();
  const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
  const { call, node } = await setUpHttp(bus, registry);
  const nodes = [
    node,
    await startScriptedNode(bus, registry, { nodeId: "node-b" }),
    await startScriptedNode(bus, registry, { nodeId: "node-c" }),
  ] as const;
  const page = async (query = "") => {
    const answer = await call("GET", `/v1/surplus${query}`);
    expect(answer.status).toBe(200);
    return SurplusListing.parse(await answer.json());
  };
  /** Every page, one after the other. */
  const pages = async (query = "") => {
    const all = [await page(query)];
    for (let last = all[0]; last?.cursor !== undefined; last = all.at(-1))
      all.push(await page(`?cursor=${encodeURIComponent(last.cursor)}${query.replace("?", "&")}`));
    return all;
  };
  return { registry, call, nodes, page, pages };
}

/** The node has this many resources without an owner, and tells them in pages. */
function leave(node: ScriptedNode, nodeId: string, count: number): void {
  const all: Surplus[] = Array.from({ length: count }, (_, index) => ({
    nodeId,
    core: 0,
    id: `${nodeId}-${String(index).padStart(4, "0")}`,
    kind: "producer" as const,
    owner: null,
    sinceMs: 1,
  }));
  node.answer("node.surplus", ({ cursor = "" }) => {
    const rest = all.filter(({ id }) => id > cursor);
    const surplus = rest.slice(0, SURPLUS_PER_PAGE);
    return rest.length > surplus.length ? { surplus, cursor: surplus.at(-1)?.id } : { surplus };
  });
}

const idsOf = (pages: SurplusListing[]) => pages.flatMap(({ surplus }) => surplus.map(({ id }) => id));

describe("surplus over HTTP", () => {
  it("is listed over all nodes, in order, each once, in pages of bounded size", async () => {
    const { nodes, pages } = await setUp();
    for (const [index, count] of [230, 60, 70].entries()) {
      const node = nodes[index];
      if (node) leave(node, `node-${"abc"[index]}`, count);
    }
    const all = await pages();
    const ids = idsOf(all);
    expect(ids).toHaveLength(360);
    expect(ids).toEqual([...new Set(ids)].sort());
    for (const { surplus } of all) expect(surplus.length).toBeLessThanOrEqual(SURPLUS_PER_PAGE);
  });

  it("is listed of one node", async () => {
    const { nodes, pages, call } = await setUp();
    leave(nodes[0], "node-a", 3);
    leave(nodes[1], "node-b", 150);
    const ids = idsOf(await pages("?node=node-b"));
    expect(ids).toHaveLength(150);
    expect(ids.every((id) => id.startsWith("node-b"))).toBe(true);
    expect(await refusalOf(await call("GET", "/v1/surplus?node=none"))).toEqual([404, "node_not_found"]);
    for (const cursor of [
      "none",
      "node-b%20run.>",
      "node-b%20*%20x",
      "node.b%20run",
      `node-b%20${"x".repeat(65)}`,
    ])
      expect(await refusalOf(await call("GET", `/v1/surplus?cursor=${cursor}`))).toEqual([
        ...[400, "invalid_request"],
      ]);
  });

  it("of a node that does not answer is unknown, which is said", async () => {
    const { nodes, page } = await setUp();
    leave(nodes[2], "node-c", 2);
    nodes[1].kill();
    expect(await page()).toMatchObject({ unreachable: ["node-b"], surplus: [{ nodeId: "node-c" }, {}] });
  });

  it("is reclaimed on all nodes or on one, all of it or by id, as often as one likes", async () => {
    const { nodes, call } = await setUp();
    for (const node of nodes) node.answer("node.reclaim", ({ ids }) => ({ reclaimed: ids?.length ?? 2 }));
    const reclaim = async (body?: object | "") => (await call("POST", "/v1/surplus/reclaim", body)).json();
    expect(await reclaim()).toEqual({ reclaimed: 6, unreachable: [] });
    expect(await reclaim("")).toEqual({ reclaimed: 6, unreachable: [] });
    expect(await reclaim({ nodeId: "node-b", ids: ["one"] })).toEqual({ reclaimed: 1, unreachable: [] });
    nodes[2].kill();
    expect(await reclaim({})).toEqual({ reclaimed: 4, unreachable: ["node-c"] });
    expect(nodes.map((node) => node.callsTo("node.reclaim").length)).toEqual([3, 4, 2]);
    expect(await refusalOf(await call("POST", "/v1/surplus/reclaim", { nodeId: "none" }))).toEqual([
      ...[404, "node_not_found"],
    ]);
  });

  it("is found on the bus while the registry is away", async () => {
    const { nodes, registry, pages } = await setUp();
    leave(nodes[0], "node-a", 120);
    leave(nodes[2], "node-c", 20);
    registry.listNodes = () => Promise.reject(new FairleadError("registry_unreachable"));
    expect(idsOf(await pages())).toHaveLength(140);
  });
});
