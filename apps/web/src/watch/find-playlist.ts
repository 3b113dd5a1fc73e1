import type { ErrorCode } from "@fairlead/client";
import * as z from "zod";
import { retryAfterOf } from "../broadcast/sdp-exchange.ts";

export type FoundPlaylist =
  | { state: "found"; url: string }
  /** `retryAfterMs`: when the server wants to be asked again. */
  | { state: "not_live"; retryAfterMs: number }
  /** Of the ticket. */
  | { state: "expired" }
  | { state: "over"; code: ErrorCode }
  | { state: "unreachable" };

const Refusal = z.object({ error: z.object({ code: z.string() }) });
/** Asking again brings nothing else. */
const OVER: readonly ErrorCode[] = [
  "broadcast_ended",
  "broadcast_not_found",
  "banned",
  "hook_refused",
  "viewer_limit",
  "ticket_invalid",
];

/**
 * Asks for a viewing session.
 * @returns The playlist's own URL, which needs no ticket.
 */
export async function findPlaylist(url: string, bearer: string, signal: AbortSignal): Promise<FoundPlaylist> {
  try {
    const response = await fetch(url, { headers: { authorization: `Bearer ${bearer}` }, signal });
    if (response.ok) {
      void response.body?.cancel();
      return { state: "found", url: response.url };
    }
    const told = Refusal.safeParse(await response.json().catch(() => null)).data?.error.code;
    const code = OVER.find((one) => one === told);
    if (code) return { state: "over", code };
    if (response.status === 401) return { state: "expired" };
    if (response.status !== 409) return { state: "unreachable" };
    return { state: "not_live", retryAfterMs: retryAfterOf(response) ?? 0 };
  } catch {
    return { state: "unreachable" };
  }
}
