import type { OpenAPIHono } from "@hono/zod-openapi";
import { SDP, SDP_FRAGMENT } from "../http/sdp-paths.ts";
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
  Location: {
    description:
      "The session's URL, which is the right to end it, together with the bearer token if it was opened with one: keep it as you keep that.",
    schema: { type: "string" },
    example: "https://meet.example.org/v1/broadcasts/launch/whip/b3WqH0yq4m/n0q8Vb7Jt3kQ2xWm5rYzLA",
  },
  ETag: {
    description: "A strong one, of the ICE session.",
    schema: { type: "string" },
    example: '"q8Vb7Jt3kQ2xWm5rYzLA"',
  },
  Link: {
    description: "One for each STUN or TURN server, with credentials (RFC 9725 § 4.6).",
    schema: { type: "string" },
    example:
      '<turn:turn.example.org>; rel="ice-server"; username="1800003600:a"; credential="c2VjcmV0"; credential-type="password"',
  },
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
  "WWW-Authenticate": {
    description: "Proof is needed, as a bearer token (RFC 6750).",
    schema: { type: "string" },
    example: "Bearer",
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
      response.headers = {
        ...headersOf(status, isCounted(operation)),
        ...headersOfSdp(response, opensMedia(responses) && status === "409"),
        ...response.headers,
      };
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

/** By WHIP and WHEP, or by the way to a playlist of HLS: a broadcast that is not live now is refused until some time. */
function opensMedia(responses: Operation["responses"]): boolean {
  return responses["201"]?.content?.[SDP] !== undefined || responses["307"] !== undefined;
}

/** Of WHIP and WHEP, by what is answered. */
function headersOfSdp({ content = {} }: Body, isConflict: boolean): Headers {
  if (isConflict) return refer("Retry-After");
  if (content[SDP]) return refer("Location", "ETag", "Link");
  return content[SDP_FRAGMENT] ? refer("ETag") : {};
}

function refer(...names: (keyof typeof HEADERS)[]): Headers {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function headersOf(status: string, isCounted: boolean): Headers {
  const names: (keyof typeof HEADERS)[] = ["X-Request-Id"];
  if (isCounted || status === "401" || status === "429") names.push("RateLimit", "RateLimit-Policy");
  if (status === "401") names.push("WWW-Authenticate");
  if (status === "429" || status === "503") names.push("Retry-After");
  return refer(...names);
}
