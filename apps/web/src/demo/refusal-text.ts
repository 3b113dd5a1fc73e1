import { HTTPS_COMMAND } from "../media/problem-text.ts";
import type { TicketOutcome } from "./request-ticket.ts";

/** Tells the person what to do without a ticket. */
export function refusalText(outcome: Exclude<TicketOutcome, { state: "granted" }>): string {
  switch (outcome.state) {
    case "this_computer_only":
      return `The server gives tickets to its own computer only (it says: ${outcome.message}). On the server's computer, stop it, start it with “${HTTPS_COMMAND}”, and open the https address that it prints. (“npm start -- --lan” is enough to watch and chat.)`;
    case "refused":
      return `The server gave no ticket: ${outcome.message}`;
    case "unreachable":
      return "The server does not answer. Is “npm start” still running, and is this device in the same network?";
  }
}
