import { KIND_OF_SOURCE, type Source } from "@fairlead/protocol";
import type { ProtocolClient } from "../support/protocol-client.ts";

/** @returns The producer's id. @throws {FairleadError} The node's refusal. */
export async function publish(
  client: ProtocolClient,
  source: Source,
  rtpParameters: Record<string, unknown>,
): Promise<string> {
  const kind = KIND_OF_SOURCE[source];
  return (await client.command("producer.create", { kind, source, rtpParameters })).producerId;
}
