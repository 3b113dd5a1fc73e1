import type { Signaling } from "@fairlead/signaling";
import * as fc from "fast-check";
import * as z from "zod";
import { fromSchema } from "./from-schema.ts";
import { LIVE_KINDS } from "./live-kinds.ts";

/** Inputs generated for one route, with `Live` in place of ids of things that exist. */
export type RouteValues = {
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  headers: Record<string, unknown>;
  body: unknown;
};

export type Route = {
  /** E.g. `PUT /v1/rooms/{room}`. */
  name: string;
  method: string;
  path: string;
  operationId: string;
  auth: "apiKey" | "sessionTicket" | "none";
  hasBody: boolean;
  values: fc.Arbitrary<RouteValues>;
};

/** As `createRoute` was given it. */
type Declared = {
  method: string;
  path: string;
  operationId?: string;
  security?: Record<string, unknown>[];
  request?: {
    params?: z.ZodType;
    query?: z.ZodType;
    headers?: z.ZodType;
    body?: { content: Record<string, { schema: z.ZodType }> };
  };
};

const NOTHING = z.object({});

/** Every route that the OpenAPI document has, with values made from the very schemas that parse its requests. */
export function routesOf(app: Signaling["app"]): Route[] {
  return app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === "route" ? [toRoute(definition.route as unknown as Declared)] : [],
  );
}

function toRoute({ method, path, operationId = "", security = [], request = {} }: Declared): Route {
  const body = request.body?.content["application/json"]?.schema;
  const schemes = security.flatMap((scheme) => Object.keys(scheme));
  const of = (schema: z.ZodType = NOTHING) =>
    fromSchema(schema, LIVE_KINDS) as fc.Arbitrary<Record<string, unknown>>;
  return {
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    operationId,
    auth: schemes.includes("apiKey")
      ? "apiKey"
      : schemes.includes("sessionTicket")
        ? "sessionTicket"
        : "none",
    hasBody: body !== undefined,
    values: fc.record(
      {
        params: of(request.params),
        query: of(request.query),
        headers: of(request.headers),
        body: body ? fromSchema(body, LIVE_KINDS) : fc.constant(undefined),
      },
      { noNullPrototype: true },
    ),
  };
}
