import { within } from "@fairlead/protocol";
import { createClient, ErrorReply, MultiErrorReply, RESP_TYPES } from "@redis/client";

/** An answer of Redis, its strings as bytes. */
export type Reply = string | number | null | Buffer | Error | Reply[];

export type RedisConnection = {
  /** Resolves when Redis answers for the first time. */
  ready: Promise<void>;
  /** @throws {RedisAwayError}; {ErrorReply} Redis refused the command. */
  send(command: readonly string[]): Promise<Reply>;
  /** Runs the commands as one transaction: all or none, with no other command between them. */
  sendTogether(commands: readonly (readonly string[])[]): Promise<Reply[]>;
  close(): void;
};

/** There is no connection to a Redis that takes writes, or Redis did not answer in time. */
export class RedisAwayError extends Error {}

/** Told to the operator. */
export type RedisListener = {
  /** Redis can't be used, for this reason. Not called again until `onResumed` was. */
  onLost?: (error: unknown) => void;
  onResumed?: () => void;
};

const RECONNECT_MS = 200;
const ANSWER_MS = 5_000;
/** A connection that has received nothing for this long, not even the answer to a ping, is replaced. */
const SILENCE_MS = 2_000;
const PING_MS = 500;
const QUEUE_LIMIT = 10_000;
/**
 * These refusals speak against the server, not against the command. Behind a fixed address the primary may be another server by now,
 * which only a new connection reaches. The registry has the same list (`redis-answers.ts`).
 */
const WRONG_SERVER = /^(READONLY|MASTERDOWN|NOREPLICAS|LOADING)\b/;
/** Between two renewals for such a refusal: while no server takes writes, each new connection is refused too. */
const RENEW_EVERY_MS = 500;

function newClient(url: string) {
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE_LIMIT,
    pingInterval: PING_MS,
    socket: { socketTimeout: SILENCE_MS, reconnectStrategy: () => RECONNECT_MS },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
}

type Client = ReturnType<typeof newClient>;

/**
 * One connection for all requests, which need not wait for each other because Redis answers in order. It reconnects by itself, and
 * replaces a connection to a server that takes no writes.
 */
export function openConnection(url: string, listener: RedisListener = {}): RedisConnection {
  const ready = Promise.withResolvers<void>();
  const health = watchHealth(listener);
  const open = (client: Client): Client => {
    client.on("error", health.fail).on("ready", ready.resolve);
    client.connect().catch(health.fail);
    return client;
  };
  let client = open(newClient(url));
  let renewedMs = Number.NEGATIVE_INFINITY;
  const leave = (refusing: Client) => {
    if (refusing !== client || performance.now() - renewedMs < RENEW_EVERY_MS) return;
    renewedMs = performance.now();
    client.destroy();
    client = open(client.duplicate());
  };
  const ask = async <T extends Reply>(work: (client: Client) => Promise<T>): Promise<T> => {
    const asked = client;
    if (!asked.isReady) throw new RedisAwayError("Redis is away", { cause: health.lastError() });
    try {
      const reply = throwWrongServer(await answered(work(asked)));
      health.succeed();
      return reply;
    } catch (error) {
      if (!isFromWrongServer(error)) throw error;
      health.fail(error);
      leave(asked);
      throw new RedisAwayError(error.message, { cause: error });
    }
  };
  return {
    ready: ready.promise,
    send: (command) => ask((asked) => asked.sendCommand<Reply>([...command])),
    sendTogether: (commands) =>
      ask(async (asked) => {
        const multi = asked.multi();
        for (const command of commands) multi.addCommand([...command]);
        return multi.exec().catch(repliesOf) as unknown as Reply[];
      }),
    close: () => client.destroy(),
  };
}

/** Tells the first failure, and the first success after it. */
function watchHealth({ onLost, onResumed }: RedisListener) {
  let isLost = false;
  let lastError: unknown;
  return {
    fail: (error: unknown) => {
      lastError = error;
      if (!isLost) onLost?.(error);
      isLost = true;
    },
    succeed: () => {
      if (isLost) onResumed?.();
      isLost = false;
    },
    lastError: () => lastError,
  };
}

function isFromWrongServer(error: unknown): error is Error {
  return error instanceof Error && WRONG_SERVER.test(error.message);
}

/** The replies of a transaction hold its commands' errors. */
function throwWrongServer<T extends Reply>(reply: T): T {
  const refusal = Array.isArray(reply) ? reply.find(isFromWrongServer) : undefined;
  if (refusal) throw refusal;
  return reply;
}

/** A failed command does not undo the others of its transaction: its error takes the place of its reply. */
function repliesOf(error: unknown): Reply[] {
  if (error instanceof MultiErrorReply) return error.replies as Reply[];
  throw error;
}

/** @throws {RedisAwayError} For every failure that is not an error reply of Redis. */
async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await within(ANSWER_MS, work);
  } catch (error) {
    throw error instanceof ErrorReply ? error : new RedisAwayError("Redis is away", { cause: error });
  }
}
