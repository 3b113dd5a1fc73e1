import type { Context } from "hono";
import type { SignalingProcess } from "../signaling-process.ts";
import { canonicalAddress } from "./canonical-address.ts";

type Source = Pick<SignalingProcess, "clientAddress" | "trustedProxies">;

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

/**
 * The origin that the client asked. Behind trusted proxies, which end TLS, the scheme is the one that the outermost of them
 * names in `X-Forwarded-Proto`.
 */
export function originOf(c: Context, { trustedProxies }: Pick<Source, "trustedProxies">): string {
  const { protocol, host } = new URL(c.req.url);
  const named = trustedProxies === 0 ? [] : (c.req.header("X-Forwarded-Proto") ?? "").split(",");
  const scheme = named.slice(-trustedProxies)[0]?.trim().toLowerCase();
  return `${scheme === "http" || scheme === "https" ? `${scheme}:` : protocol}//${host}`;
}
