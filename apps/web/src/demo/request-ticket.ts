import * as z from "zod";

const Ticket = z.object({ ticket: z.string(), url: z.string() });
export type Ticket = z.infer<typeof Ticket>;

const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export type TicketOutcome =
  | { state: "granted"; ticket: Ticket }
  /** Tickets are for the server's own computer, and this is another one or another name of it. */
  | { state: "this_computer_only"; message: string }
  | { state: "refused"; message: string }
  | { state: "unreachable" };

/** Asks the demo's own ticket route, which stands where an app's back end would. */
export async function requestTicket(
  input: { room: string; name: string; person: string | undefined },
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
  const refusal = Refusal.safeParse(body);
  if (!refusal.success && status >= 500) return { state: "unreachable" };
  const message = refusal.success ? refusal.data.error.message : `HTTP ${status}`;
  return { state: status === 403 || status === 409 ? "this_computer_only" : "refused", message };
}
