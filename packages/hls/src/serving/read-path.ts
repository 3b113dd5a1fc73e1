import { FairleadError, RoomId } from "@fairlead/protocol";
import type { Context } from "hono";

const TOKEN_LIMIT = 2_048;
const RENDITION = /^[A-Za-z0-9_-]{1,32}$/;

/** @throws {FairleadError} `broadcast_not_found` for what can't be the id of one. */
export function readBroadcastId(c: Context): string {
  const id = RoomId.safeParse(c.req.param("broadcast"));
  if (!id.success) throw new FairleadError("broadcast_not_found");
  return id.data;
}

/** @throws {FairleadError} `ticket_invalid` for what is too long to be one. */
export function readToken(c: Context): string {
  const token = c.req.param("token") ?? "";
  if (token.length > TOKEN_LIMIT) throw new FairleadError("ticket_invalid");
  return token;
}

/** @throws {FairleadError} `not_found` for what can't be the name of one. */
export function readRendition(c: Context): string {
  const rendition = c.req.param("rendition") ?? "";
  if (!RENDITION.test(rendition)) throw new FairleadError("not_found");
  return rendition;
}
