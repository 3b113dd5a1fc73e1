import type { OpenAPIHono } from "@hono/zod-openapi";
import { EXAMPLES, PARAMETERS } from "./examples.ts";

type Document = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;
type Reference = { $ref: string };
type Headers = Record<string, Reference>;
type Media = { schema?: object; example?: unknown; examples?: object };
type Body = { content?: Record<string, Media> };
type Operation = {
  operationId: string;
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; description?: string; example?: unknown }[];
  requestBody?: Body;
  responses: Record<string, Body & { headers?: Headers }>;
};

const HEADERS = {
  "X-Request-Id": {
    description:
      "The request's id in the logs: the caller's own, if it sent one of letters, digits, `_`, `-`, `=`.",
    schema: { type: "string", maxLength: 128 },
    example: "b7c1c5c0-8f0e-4a2b-9c55-0d3c8f6f9a10",
  },
  "Retry-After": {
    description:
      "Seconds after which the same may be tried again: `retryAfterMs` of the body, if there is one.",
    schema: { type: "integer", minimum: 0 },
    example: 1,
  },
  RateLimit: {
    description:
      "Where a limit is set: for each, `r` requests are left, and in `t` seconds all of them again (draft-ietf-httpapi-ratelimit-headers).",
    schema: { type: "string" },
    example: '"key";r=99;t=1',
  },
  "RateLimit-Policy": {
    description: "Where a limit is set: for each, `q` requests in `w` seconds.",
    schema: { type: "string" },
    example: '"key";q=100;w=1',
  },
};

/** Adds what follows from a rule and need not stand at every route: examples of bodies and parameters, headers of answers. */
export function completeDocument(document: Document): Document {
  const components = document.components ?? {};
  // The library's types allow only what a schema's example may be.
  Object.assign(components, { headers: HEADERS });
  for (const item of Object.values(document.paths ?? {}))
    for (const operation of Object.values(item) as Operation[]) completeOperation(operation);
  return document;
}

function completeOperation({ parameters = [], requestBody, responses, ...operation }: Operation): void {
  for (const parameter of parameters) Object.assign(parameter, PARAMETERS[parameter.name]);
  if (requestBody) addExamples(requestBody);
  for (const [status, response] of Object.entries(responses)) {
    addExamples(response);
    // The answer of an upgrade can't be added to.
    if (status !== "101")
      response.headers = { ...headersOf(status, isCounted(operation)), ...response.headers };
  }
}

function addExamples({ content = {} }: Body): void {
  for (const media of Object.values(content)) {
    const name = media.schema && "$ref" in media.schema ? String(media.schema.$ref).split("/").at(-1) : "";
    if (!media.examples && name && isNamed(name)) media.example = EXAMPLES[name];
  }
}

function isNamed(name: string): name is keyof typeof EXAMPLES {
  return Object.hasOwn(EXAMPLES, name);
}

/** API keys are counted, and so is who joins. */
function isCounted({ operationId, security = [] }: Pick<Operation, "operationId" | "security">): boolean {
  return operationId === "openSession" || security.some((requirement) => "apiKey" in requirement);
}

function headersOf(status: string, isCounted: boolean): Headers {
  const names: (keyof typeof HEADERS)[] = ["X-Request-Id"];
  if (isCounted || status === "401" || status === "429") names.push("RateLimit", "RateLimit-Policy");
  if (status === "429" || status === "503") names.push("Retry-After");
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
