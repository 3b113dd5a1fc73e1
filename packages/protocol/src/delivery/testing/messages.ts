import type { CommandEnvelope } from "../../commands.ts";
import type { NumberedEvent, Position } from "../../events.ts";
import type { Acknowledgement, ReplyFrame } from "../../frames.ts";

export type ToNode =
  | { type: "attach"; connection: number; position: Position }
  | { type: "ack"; connection: number; ack: Acknowledgement }
  | { type: "command"; command: CommandEnvelope };

export type ToClient =
  | { type: "attached"; connection: number }
  | { type: "event"; numbered: NumberedEvent }
  | ReplyFrame;
