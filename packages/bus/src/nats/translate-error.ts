import { FairleadError } from "@fairlead/protocol";
import { errors } from "@nats-io/nats-core";

/**
 * Translates errors of NATS's client to the port's. A refused permission is a fault of the configuration, which no caller can
 * answer: it stays what it is, a bug to log.
 */
export function translateError(error: unknown, subject: string, timeoutMs: number): unknown {
  if (error instanceof errors.TimeoutError)
    return new FairleadError("node_timeout", { message: `no answer in ${timeoutMs} ms` });
  const reason = error instanceof errors.RequestError ? (error.cause ?? error) : error;
  if (reason instanceof errors.NoRespondersError)
    return new FairleadError("node_unreachable", { message: "nobody listens" });
  if (reason instanceof errors.PermissionViolationError)
    return new Error(`NATS does not permit this user a request to ${subject}`, { cause: reason });
  // Only these are left: the connection ended while the request waited, or before.
  if (reason instanceof errors.RequestError || reason instanceof errors.ClosedConnectionError)
    return new FairleadError("bus_disconnected", { cause: reason });
  return error;
}
