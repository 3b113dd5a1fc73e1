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

/** There is no connection to Redis, or Redis did not answer in time. */
export class RedisAwayError extends Error {}

const RECONNECT_MS = 200;
const ANSWER_MS = 5_000;
/** A connection that has received nothing for this long, not even the answer to a ping, is replaced. */
const SILENCE_MS = 2_000;
const PING_MS = 500;
const QUEUE_LIMIT = 10_000;

/** One connection for all requests, which need not wait for each other because Redis answers in order. It reconnects by itself. */
export function openConnection(url: string): RedisConnection {
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE_LIMIT,
    pingInterval: PING_MS,
    socket: { socketTimeout: SILENCE_MS, reconnectStrategy: () => RECONNECT_MS },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  let lastError: unknown;
  const note = (error: unknown) => {
    lastError = error;
  };
  const ready = new Promise<void>((resolve) => client.once("ready", resolve));
  client.on("error", note);
  client.connect().catch(note);
  const ask = <T>(work: () => Promise<T>): Promise<T> => {
    if (!client.isReady) throw new RedisAwayError("Redis is away", { cause: lastError });
    return answered(work());
  };
  return {
    ready,
    send: async (command) => ask(() => client.sendCommand<Reply>([...command])),
    sendTogether: async (commands) =>
      ask(async () => {
        const multi = client.multi();
        for (const command of commands) multi.addCommand([...command]);
        return multi.exec().catch(repliesOf) as unknown as Reply[];
      }),
    close: () => client.destroy(),
  };
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
