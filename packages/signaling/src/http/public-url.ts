import type { Context } from "hono";
import { originOf } from "../abuse/client-address.ts";
import type { SignalingProcess } from "../signaling-process.ts";

/** @returns Where clients reach this API, without a slash at the end. */
export function publicUrlOf(
  c: Context,
  shared: Pick<SignalingProcess, "publicUrl" | "trustedProxies">,
): string {
  return (shared.publicUrl ?? originOf(c, shared)).replace(/\/+$/, "");
}
