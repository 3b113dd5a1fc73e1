/**
 * Redis's refusals that speak against the server, not against the command: it is a replica, or a primary cut off from its replicas, or
 * still loads its data. Behind a fixed address the primary may be another server by now, which only a new connection reaches.
 * `deploy/redis-rest` has the same list.
 */
const WRONG_SERVER = /^(READONLY|MASTERDOWN|NOREPLICAS|LOADING)\b/;
/** Redis begins its refusals with such a word. */
const CODE = /^[A-Z]{3,}(?= )/;

/** A key with no meaning, written to see whether Redis takes writes. */
export const PROBE_KEY = "probe";

export function isFromWrongServer(error: unknown): boolean {
  return error instanceof Error && WRONG_SERVER.test(error.message);
}

/** Redis has lost the script, or never had it: it was restarted, or its cache flushed. */
export function isScriptUnknown(error: unknown): boolean {
  return error instanceof Error && error.message.includes("NOSCRIPT");
}

/**
 * @returns Why Redis did not answer, in few words that hold no address and no data, so that anybody may read them: Redis's code
 * (`READONLY`, `WRONGPASS`), the system's (`ECONNREFUSED`), or `no answer within 250 ms`.
 */
export function reasonOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = CODE.exec(at.message)?.[0] ?? ("code" in at ? at.code : undefined);
    if (typeof code === "string") return code;
    if (at.message.startsWith("no answer within")) return at.message;
  }
  return "no connection";
}

/** @param info Redis's answer to `INFO memory`. @returns Its `maxmemory-policy`, or null if the answer names none. */
export function evictionPolicyIn(info: unknown): string | null {
  return /^maxmemory_policy:(\S+)/m.exec(String(info))?.[1] ?? null;
}
