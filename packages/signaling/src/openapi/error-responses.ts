import { type ApiScope, type ErrorCode, httpStatus } from "@fairlead/protocol";
import { named } from "./components.ts";

/** Any route may answer these. */
const ANYWHERE: readonly ErrorCode[] = ["invalid_request", "rate_limited", "origin_refused", "internal"];
export const API_KEY_ERRORS: readonly ErrorCode[] = ["api_key_missing", "api_key_invalid", "scope_missing"];
export const REGISTRY_ERRORS: readonly ErrorCode[] = ["registry_unreachable", "registry_cold"];
export const NODE_ERRORS: readonly ErrorCode[] = [
  "node_unreachable",
  "node_timeout",
  "lease_lost",
  "bus_disconnected",
];
/** Routes that ask the node of a room. */
export const ROOM_ERRORS: readonly ErrorCode[] = [
  ...API_KEY_ERRORS,
  ...REGISTRY_ERRORS,
  ...NODE_ERRORS,
  "room_not_found",
];

/** @returns The security of a route that takes an API key with one of these scopes. */
export function keyWith(...scopes: ApiScope[]): { apiKey: string[] }[] {
  return scopes.map((scope) => ({ apiKey: [scope] }));
}

type ErrorResponse = {
  description: string;
  content: {
    "application/json": { schema: typeof named.ErrorAnswer; examples: Record<string, { $ref: string }> };
  };
};

/** @returns A route's refusals as OpenAPI responses, one a status, with an example of each code. */
export function errorResponses(...codes: ErrorCode[]): Record<string, ErrorResponse> {
  const byStatus = Map.groupBy(new Set([...ANYWHERE, ...codes]), httpStatus);
  return Object.fromEntries([...byStatus].map(([status, ofStatus]) => [status, responseOf(ofStatus)]));
}

function responseOf(codes: ErrorCode[]): ErrorResponse {
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }] as const);
  return {
    description: codes.map((code) => `\`${code}\``).join(", "),
    content: { "application/json": { schema: named.ErrorAnswer, examples: Object.fromEntries(examples) } },
  };
}

/** @returns A JSON response of OpenAPI. */
export function jsonOf<S>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}
