import { HTTPS_COMMAND } from "../media/problem-text.ts";
import type { Refused } from "./ask-demo.ts";

/** Tells the person what to do without a ticket. */
export function refusalText(refused: Refused): string {
  switch (refused.state) {
    case "this_computer_only":
      return `The server gives tickets to its own computer only (it says: ${refused.message}). On the server's computer, stop it, start it with “${HTTPS_COMMAND}”, and open the https address that it prints. (“npm start -- --lan” is enough to watch and chat.)`;
    case "refused":
      return `The server gave no ticket: ${refused.message}`;
    case "unreachable":
      return "The server does not answer. Is “npm start” still running, and is this device in the same network?";
  }
}
