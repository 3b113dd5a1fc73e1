import { createMemoryBus } from "@fairlead/bus/memory";
import { ServerFrame } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { setUpHttp } from "../testing/http-setup.ts";
import { named } from "./components.ts";
import { EVENT_EXAMPLE, EXAMPLES } from "./examples.ts";

type Media = { schema: { $ref?: string }; example?: unknown; examples?: Record<string, unknown> };
type Body = { content?: Record<string, Media>; headers?: Record<string, { $ref: string }> };
type Operation = Record<"operationId" | "summary" | "description", string> & {
  tags: string[];
  security: Record<string, string[]>[];
  parameters?: { name: string; description?: string; example?: unknown }[];
  requestBody?: Body;
  responses: Record<string, Body>;
};

async function readOperations() {
  const { call } = await setUpHttp(createMemoryBus(), createMemoryRegistry());
  const document = (await (await call("GET", "/v1/openapi.json")).json()) as {
    paths: Record<string, Record<string, Operation>>;
    tags: { name: string }[];
    components: { securitySchemes: object };
  };
  return { document, operations: Object.values(document.paths).flatMap((item) => Object.values(item)) };
}

const jsonOf = ({ content }: Body) => content?.["application/json"];
const isRefusal = (status: string) => Number(status) >= 400;

const OPENS_SDP = /^(publish|watch)By/;

describe("the OpenAPI document", () => {
  it("is valid by the schema of OpenAPI 3.1", async () => {
    const { document } = await readOperations();
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect([valid, validator.version]).toEqual([true, "3.1"]);
    const broken = await new Validator().validate({ ...structuredClone(document), paths: { x: 1 } });
    expect(broken.valid).toBe(false);
  });

  it("says of every operation what it is, who may ask, and each of its answers", async () => {
    const { document, operations } = await readOperations();
    const tags = document.tags.map(({ name }) => name);
    const schemes = Object.keys(document.components.securitySchemes);
    for (const { operationId, summary, description, responses, ...operation } of operations) {
      expect(summary, operationId).toMatch(/^[A-Z].*[^.]$/);
      expect(description, operationId).toMatch(/^[A-Z][\s\S]*\.$/);
      expect(tags, operationId).toEqual(expect.arrayContaining(operation.tags));
      expect(operation.tags, operationId).toHaveLength(1);
      for (const requirement of operation.security)
        expect(schemes, operationId).toEqual(expect.arrayContaining(Object.keys(requirement)));
      expect(
        Object.keys(responses).filter((status) => Number(status) < 300 || status === "307"),
        operationId,
      ).toHaveLength(/^patchWh/.test(operationId) ? 2 : 1);
      expect(responses, operationId).toHaveProperty("500");
      for (const { name, ...parameter } of operation.parameters ?? [])
        expect(parameter, `${operationId} ${name}`).toMatchObject({
          description: expect.any(String),
          example: expect.anything(),
        });
    }
  });

  it("has an example of every body, each by the schema that parses or makes it", async () => {
    const { operations } = await readOperations();
    const shown = new Set<string>();
    for (const { operationId, requestBody, responses } of operations) {
      const answers = Object.entries(responses).flatMap(([status, body]) =>
        isRefusal(status) ? [] : [body],
      );
      for (const body of [...(requestBody ? [requestBody] : []), ...answers]) {
        const { schema, example } = jsonOf(body) ?? { schema: {} };
        if (schema.$ref === undefined) continue;
        const name = schema.$ref.split("/").at(-1) as keyof typeof named;
        expect(example, operationId).toEqual(JSON.parse(JSON.stringify(EXAMPLES[name])));
        // Parsing drops members that the schema does not know.
        expect(named[name].parse(example), name).toMatchObject(example as object);
        shown.add(name);
      }
    }
    expect([...shown].sort()).toEqual(
      Object.keys(named)
        .filter((name) => name !== "ErrorAnswer")
        .sort(),
    );
    expect(named.ErrorAnswer.parse(EXAMPLES.ErrorAnswer)).toEqual(EXAMPLES.ErrorAnswer);
    expect(ServerFrame.parse(EVENT_EXAMPLE)).toEqual(EVENT_EXAMPLE);
  });

  it("has an example of every refusal, and says which headers tell when to come back", async () => {
    const { operations } = await readOperations();
    for (const { operationId, security, responses } of operations)
      for (const [status, answer] of Object.entries(responses)) {
        if (isRefusal(status))
          expect(Object.keys(jsonOf(answer)?.examples ?? {}).length, operationId).toBeGreaterThan(0);
        const headers = Object.keys(answer.headers ?? {});
        const isLimited = security.some((requirement) => "apiKey" in requirement) || status === "429";
        if (isLimited)
          expect(headers, operationId).toEqual(expect.arrayContaining(["RateLimit", "RateLimit-Policy"]));
        expect(headers.includes("Retry-After"), `${operationId} ${status}`).toBe(
          status === "429" || status === "503" || (status === "409" && OPENS_SDP.test(operationId)),
        );
        expect(headers.includes("X-Request-Id"), operationId).toBe(status !== "101");
      }
  });
});
