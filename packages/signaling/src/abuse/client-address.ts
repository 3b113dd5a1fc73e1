import type { Context } from "hono";
import type { SignalingContext } from "../context.ts";
import { canonicalAddress } from "./canonical-address.ts";

type Source = Pick<SignalingContext, "clientAddress" | "trustedProxies">;

/**
 * The address that a request counts for. Each trusted proxy has added the address of whom it was asked by to the end of
 * `X-Forwarded-For`; what stands before their entries anybody may have written.
 *
 * @returns undefined where the runtime does not know; then nothing is counted for it.
 */
export function clientAddressOf(c: Context, { clientAddress, trustedProxies }: Source): string | undefined {
  const direct = clientAddress(c);
  const forwarded = trustedProxies === 0 ? [] : (c.req.header("X-Forwarded-For") ?? "").split(",");
  const way = [...forwarded.slice(-trustedProxies), direct ?? ""].flatMap(
    (text) => canonicalAddress(text) ?? [],
  );
  return way[0];
}
