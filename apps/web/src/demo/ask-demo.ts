import * as z from "zod";

const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export type Refused =
  /** The demo answers the server's own computer only, and this is another one or another name of it. */
  | { state: "this_computer_only"; message: string }
  | { state: "refused"; code: string; message: string }
  | { state: "unreachable" };

export type Answer<T> = { state: "granted"; value: T } | Refused;

/** Asks the demo's own routes, which stand where an app's back end would. */
export async function askDemo<S extends z.ZodType>(
  schema: S,
  path: string,
  input: object,
  signal?: AbortSignal,
): Promise<Answer<z.output<S>>> {
  try {
    const response = await fetch(`/demo/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
      ...(signal ? { signal } : {}),
    });
    return readAnswer(schema, response.status, await response.json().catch(() => null));
  } catch {
    return { state: "unreachable" };
  }
}

/** @param body Parsed JSON; null where the answer was none. */
export function readAnswer<S extends z.ZodType>(
  schema: S,
  status: number,
  body: unknown,
): Answer<z.output<S>> {
  const value = schema.safeParse(body);
  if (value.success && status < 300) return { state: "granted", value: value.data };
  const refusal = Refusal.safeParse(body);
  if (!refusal.success && status >= 500) return { state: "unreachable" };
  const { code, message } = refusal.data?.error ?? { code: "", message: `HTTP ${status}` };
  return status === 403 ? { state: "this_computer_only", message } : { state: "refused", code, message };
}
