import { FairleadError, Sdp } from "@fairlead/protocol";
import type { Context } from "hono";
import { readBody } from "./read-body.ts";

/**
 * Reads a body of SDP, or of a fragment of it: what it says is for the node to parse.
 *
 * @param type The media type that it must have.
 * @throws {FairleadError} `unsupported_media_type`; `invalid_request`: it is empty or broke off.
 */
export async function readSdp(c: Context, type: string): Promise<string> {
  const [given = ""] = (c.req.header("Content-Type") ?? "").split(";");
  if (given.trim().toLowerCase() !== type)
    throw new FairleadError("unsupported_media_type", { message: `the body must be ${type}` });
  const { data } = Sdp.safeParse(await readBody(c.req.text()));
  if (data === undefined) throw new FairleadError("invalid_request", { message: "there is no SDP" });
  return data;
}
