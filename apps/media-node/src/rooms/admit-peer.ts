import { type Capabilities, FairleadError, type JoinRequest } from "@fairlead/protocol";
import type { AdmissionKeys as TicketAndSessionKeys } from "@fairlead/tickets";

/** What a node verifies joins with, here too, and not only where the request arrived. */
export type AdmissionKeys = TicketAndSessionKeys & { issuer?: string };

/** @throws {FairleadError} `capabilities_mismatch`, with the fresh ones. */
export function assertCapabilities(join: JoinRequest, capabilities: Capabilities): void {
  if (join.capabilitiesVersion !== capabilities.version)
    throw new FairleadError("capabilities_mismatch", { detail: { capabilities } });
}
