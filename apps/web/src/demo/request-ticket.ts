import * as z from "zod";
import { type Answer, askDemo } from "./ask-demo.ts";

export const Ticket = z.object({ ticket: z.string(), url: z.string() });
export type Ticket = z.infer<typeof Ticket>;

/** A ticket for a meeting. */
export function requestTicket(input: {
  room: string;
  name: string;
  person: string | undefined;
}): Promise<Answer<Ticket>> {
  return askDemo(Ticket, "tickets", input);
}
