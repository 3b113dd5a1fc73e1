import { describe, expect, it } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";
import { TestClient } from "./testing/test-client.ts";

const OURS = "https://meet.example.org";
const FOREIGN = "https://evil.example";

const setUp = async (origins: "*" | string[] = [OURS]) => {
  const cluster = await startScriptedCluster({ app: { origins } });
  const ask = (origin: string | null, init: RequestInit = {}) =>
    fetch(`${cluster.server.url}/v1/capabilities`, {
      ...init,
      headers: { ...init.headers, ...(origin === null ? {} : { Origin: origin }) },
    });
  return { ...cluster, ask };
};
const corsOf = ({ status, headers }: Response) => [
  ...[status, headers.get("Access-Control-Allow-Origin"), headers.get("Vary")],
];
const PREFLIGHT = { method: "OPTIONS", headers: { "Access-Control-Request-Method": "POST" } };

describe("with a list of origins", () => {
  it("pages of these get answers that say so, and caches keep them apart", async () => {
    const { ask } = await setUp();
    expect(corsOf(await ask(OURS))).toEqual([200, OURS, expect.stringContaining("Origin")]);
    expect(corsOf(await ask(OURS, PREFLIGHT))).toEqual([204, OURS, expect.stringContaining("Origin")]);
  });

  it.each([FOREIGN, "null", `${OURS}.evil.example`, "http://meet.example.org", `${OURS}:444`])(
    "a page of %s is refused, by HTTP and before a WebSocket is one",
    async (origin) => {
      const { ask, server } = await setUp();
      expect(corsOf(await ask(origin))).toEqual([403, null, expect.stringContaining("Origin")]);
      expect(await (await ask(origin)).json()).toMatchObject({ error: { code: "origin_refused" } });
      expect(corsOf(await ask(origin, PREFLIGHT))).toEqual([403, null, expect.stringContaining("Origin")]);
      const connecting = TestClient.connect(server.url, { Origin: origin });
      await expect(connecting).rejects.toThrow("Unexpected server response: 403");
    },
  );

  it("what is no page passes, and so does a page's WebSocket of the list", async () => {
    const { ask, server, joinFrame } = await setUp();
    expect(corsOf(await ask(null))).toEqual([200, null, expect.stringContaining("Origin")]);
    for (const headers of [undefined, { Origin: OURS }]) {
      const client = await TestClient.connect(server.url, headers);
      client.send(await joinFrame());
      await client.next("joined");
      await client.close();
    }
  });
});

it("without a list all pages get answers", async () => {
  const { ask, server } = await setUp("*");
  expect(corsOf(await ask(FOREIGN))).toEqual([200, "*", null]);
  await (await TestClient.connect(server.url, { Origin: FOREIGN })).close();
});
