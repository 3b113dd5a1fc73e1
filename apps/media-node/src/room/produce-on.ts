import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";

/** A producer with parameters that another process gave. @throws {FairleadError} `media_rejected`; `session_gone`: the transport went. */
export async function produceOn(
  transport: types.Transport,
  options: types.ProducerOptions,
): Promise<types.Producer> {
  try {
    return await transport.produce(options);
  } catch (cause) {
    if (transport.closed) throw new FairleadError("session_gone", { cause });
    const message = cause instanceof Error ? cause.message.slice(0, 500) : "refused by mediasoup";
    throw new FairleadError("media_rejected", { message, cause });
  }
}
