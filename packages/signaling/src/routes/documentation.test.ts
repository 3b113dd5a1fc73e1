import { createMemoryBus } from "@fairlead/bus/memory";
import { ERRORS, ErrorAnswer, ErrorCode, httpStatus } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { scopesOf } from "../http/api-key.ts";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";

type Json = { [key: string]: Json | undefined };
const METHODS = ["get", "put", "post", "patch", "delete"];

async function readDocument() {
  const { call, signaling } = await setUpHttp(createMemoryBus(), createMemoryRegistry());
  const document = (await (await call("GET", "/v1/openapi.json")).json()) as Json;
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item?.[method];
      return operation ? [{ method, path, operation: operation as Json }] : [];
    }),
  );
  return { call, signaling, document, operations };
}

/** Every `$ref` below `value`. */
function references(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "$ref" ? [String(inner)] : references(inner),
  );
}

const resolve = (document: Json, reference: string) =>
  reference
    .slice(2)
    .split("/")
    .reduce<Json | undefined>((value, key) => value?.[key], document);

describe("the OpenAPI document", () => {
  it("lists every route that the app answers", async () => {
    const { signaling, operations } = await readDocument();
    const served = signaling.app.routes
      .filter(({ method, path }) => method !== "ALL" && !path.includes("*"))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}")}`)
      .filter((route) => !/openapi\.json|docs/.test(route));
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      [...new Set(served)].sort(),
    );
    expect(operations).toHaveLength(54);
  });

  it("is OpenAPI 3.1 with unique operation ids, declared path parameters and no dangling reference", async () => {
    const { document, operations } = await readDocument();
    expect(document.openapi).toBe("3.1.0");
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      const declared = ((operation.parameters ?? []) as unknown as { name: string; in: string }[])
        .filter((parameter) => parameter.in === "path")
        .map(({ name }) => name);
      expect(declared, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      for (const [status, response] of Object.entries(operation.responses ?? {})) {
        expect(status, path).toMatch(/^[1-5]\d\d$/);
        expect(response?.description, path).toEqual(expect.any(String));
      }
    }
    const dangling = references(document).filter((reference) => resolve(document, reference) === undefined);
    expect(references(document).length).toBeGreaterThan(100);
    expect(dangling).toEqual([]);
  });

  it("gives an example of every error, and names those of a route under their status", async () => {
    const { document, operations } = await readDocument();
    const examples = document.components?.examples ?? {};
    const answered = ErrorCode.options.filter((code) => !ERRORS[code].ofClient);
    expect(Object.keys(examples).sort()).toEqual(answered.sort());
    for (const [code, example] of Object.entries(examples))
      expect(ErrorAnswer.parse(example?.value).error.code).toBe(code);
    for (const { path, operation } of operations)
      for (const [status, response] of Object.entries(operation.responses ?? {}))
        for (const code of Object.keys(response?.content?.["application/json"]?.examples ?? {}))
          expect(httpStatus(ErrorCode.parse(code)), `${path} ${code}`).toBe(Number(status));
  });

  it("names for each route the scope of the API key that it needs", async () => {
    const { call, operations } = await readDocument();
    const secured = operations.filter(({ operation }) =>
      JSON.stringify(operation.security ?? []).includes("apiKey"),
    );
    expect(secured.length).toBeGreaterThan(14);
    for (const { method, path, operation } of secured) {
      const url = path.replace(/\{\w+\}/g, "x");
      const scopes = scopesOf(method.toUpperCase(), url);
      expect(operation.security, url).toEqual(scopes.map((scope) => ({ apiKey: [scope] })));
      const answer = await call(method.toUpperCase(), url, undefined, { Authorization: "Bearer none" });
      expect(await refusalOf(answer), url).toEqual([401, "api_key_invalid"]);
    }
  });

  it("describes the frames of the WebSocket", async () => {
    const { document } = await readDocument();
    const schemas = document.components?.schemas ?? {};
    expect(Object.keys(schemas)).toEqual(
      expect.arrayContaining(["ClientFrame", "ServerFrame", "TicketRequest"]),
    );
  });

  it("can be read as a page that loads nothing", async () => {
    const { call, operations } = await readDocument();
    const response = await call("GET", "/v1/docs");
    const page = await response.text();
    expect(response.headers.get("Content-Type")).toContain("text/html");
    for (const { operation } of operations) expect(page).toContain(`id="${operation.operationId}"`);
    expect(page).not.toMatch(/<script|<link|<img|src=|https?:\/\/(?!json-schema)/);
  });
});
