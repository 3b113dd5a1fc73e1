import { createMemoryBus } from "@fairlead/bus/memory";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { setUpHttp } from "../testing/http-setup.ts";

type Json = { [key: string]: unknown };
const URL_FORMAT = /^(ur[il]|iri)(-|$)/;
const URL_NAME = /ur[il]s?$|url|href|origin|host|endpoint|callback|hook|jwks|domain|address/i;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;

async function readDocument(): Promise<Json> {
  const { call } = await setUpHttp(createMemoryBus(), createMemoryRegistry());
  return (await call("GET", "/v1/openapi.json")).json() as Promise<Json>;
}

/** Every schema below `value`, those that it refers to included, with the names that lead to it. */
function* schemasBelow(
  document: Json,
  value: unknown,
  path: string[] = [],
  seen = new Set<unknown>(),
): Generator<{ path: string[]; schema: Json }> {
  if (!isObject(value) || seen.has(value)) return;
  seen.add(value);
  yield { path, schema: value };
  if (typeof value.$ref === "string") {
    const target = value.$ref
      .slice(2)
      .split("/")
      .reduce<unknown>((at, key) => (isObject(at) ? at[key] : null), document);
    yield* schemasBelow(document, target, path, seen);
  }
  for (const [key, inner] of Object.entries(value))
    if (key === "properties" && isObject(inner))
      for (const [name, property] of Object.entries(inner))
        yield* schemasBelow(document, property, [...path, name], seen);
    else yield* schemasBelow(document, inner, path, seen);
}

/** Everything sent to signaling, by HTTP (path, query, headers, body) and by WebSocket. */
function requestsOf(document: Json): unknown[] {
  const operations = Object.values(document.paths ?? {}).flatMap(
    (item: Json) => Object.values(item) as Json[],
  );
  const { ClientFrame } = (document.components as { schemas: Json }).schemas as Json & { ClientFrame: Json };
  const parameters = operations.flatMap(
    ({ parameters = [] }) => parameters as { name: string; schema: Json }[],
  );
  return [
    ClientFrame,
    ...operations.flatMap(({ requestBody }) => requestBody ?? []),
    ...parameters.map(({ name, schema }) => ({ properties: { [name]: schema } })),
  ];
}

function urlsIn(document: Json, requests: unknown[]): string[] {
  const found = requests.flatMap((request) =>
    [...schemasBelow(document, request)].flatMap(({ path, schema }) => {
      const isUrl = URL_FORMAT.test(String(schema.format ?? "")) || URL_NAME.test(path.at(-1) ?? "");
      return isUrl ? [path.join(".")] : [];
    }),
  );
  return [...new Set(found)].sort();
}

describe("no request tells signaling or a node where to go", () => {
  it("as no schema of one has a URL or an address in it, but for those of RTP", async () => {
    const document = await readDocument();
    const requests = requestsOf(document);
    expect(requests.length).toBeGreaterThan(20);
    const names = requests.flatMap((request) =>
      [...schemasBelow(document, request)].map(({ path }) => path.at(-1)),
    );
    expect(names).toEqual(
      expect.arrayContaining(["ticket", "rtpCapabilities", "maxPeers", "cursor", "room"]),
    );
    // RTP goes to an address and comes from one: each is an IP address in the networks that the node's operator allows, which are none by default.
    expect(urlsIn(document, requests)).toEqual(["receiverAddress", "senderAddress"]);
  });

  it("which this test would see: in a body, by name or by format, also behind a reference", () => {
    const components = { schemas: { Hook: { properties: { to: { type: "string", format: "uri" } } } } };
    const body = {
      properties: { callbackUrl: { type: "string" }, on: { items: { $ref: "#/components/schemas/Hook" } } },
    };
    expect(urlsIn({ components }, [body])).toEqual(["callbackUrl", "on.to"]);
  });
});
