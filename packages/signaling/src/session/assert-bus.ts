import { FairleadError } from "@fairlead/protocol";
import type { SignalingContext } from "../context.ts";

/**
 * Spares clients that come back by the hundred what could lead to nothing anyway: signatures, and a placement with its debit.
 * @throws {FairleadError} `bus_disconnected`.
 */
export function assertBus({ bus }: SignalingContext): void {
  if (!bus.isConnected) throw new FairleadError("bus_disconnected");
}
