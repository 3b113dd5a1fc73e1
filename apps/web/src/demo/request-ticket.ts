import { z } from "zod";

const Ticket = z.object({ ticket: z.string(), url: z.string() });
export type Ticket = z.infer<typeof Ticket>;

const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export type TicketOutcome =
  | { state: "granted"; ticket: Ticket }
  /** Tickets are for the server's own computer, and this is another one. */
  | { state: "this_computer_only" }
  | { state: "refused"; message: string }
  | { state: "unreachable" };

/** Asks the demo's own ticket route, which stands where an app's back end would. */
export async function requestTicket(
  input: { room: string; name: string },
  signal?: AbortSignal,
): Promise<TicketOutcome> {
  try {
    const response = await fetch("/demo/tickets", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
      ...(signal ? { signal } : {}),
    });
    return readTicketAnswer(response.status, await response.json().catch(() => null));
  } catch {
    return { state: "unreachable" };
  }
}

/** @param body Parsed JSON; null where the answer was none. */
export function readTicketAnswer(status: number, body: unknown): TicketOutcome {
  const ticket = Ticket.safeParse(body);
  if (ticket.success && status < 300) return { state: "granted", ticket: ticket.data };
  if (status === 403 || status === 409) return { state: "this_computer_only" };
  const refusal = Refusal.safeParse(body);
  if (refusal.success) return { state: "refused", message: refusal.data.error.message };
  return status >= 500 ? { state: "unreachable" } : { state: "refused", message: `HTTP ${status}` };
}
