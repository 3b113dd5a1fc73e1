import { closeCode, type ErrorCode, FairleadError, type RoomDetail } from "@fairlead/protocol";
import type { TicketInput } from "@fairlead/tickets";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { callApi } from "../../support/processes/call-api.ts";
import { type JoinOptions, ProtocolClient } from "../../support/protocol-client.ts";
import type { Instance, Runtime } from "../runtime.ts";
import { type RuntimeCluster, startRuntimeCluster } from "../start-runtime-cluster.ts";
import type { Driver } from "./driver.ts";

export type Instances = ReturnType<typeof useInstances>;

type Joining = Partial<TicketInput> & { at?: Instance; join?: Partial<JoinOptions> };

/** Two instances of one runtime over one cluster, for the tests of a file. After each test its peers leave. */
export function useInstances(runtime: Runtime) {
  let cluster: RuntimeCluster | undefined;
  let pair: [Instance, Instance] | undefined;
  const clients: ProtocolClient[] = [];
  beforeAll(async () => {
    const started = await startRuntimeCluster({ name: `runtimes-${runtime.name}`, cores: 4 });
    cluster = started;
    pair = await Promise.all([started.start(runtime, "first"), started.start(runtime, "second")]);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(leaveIfThere));
  });
  afterAll(async () => {
    await cluster?.close();
  });
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error("used before it was started");
    return part;
  };
  const connect = async ({ openWire }: Driver, at: Instance = started(pair)[0]) => {
    const client = new ProtocolClient(at.url, openWire);
    await client.connect();
    clients.push(client);
    return client;
  };
  const api = <T>(method: string, path: string, body?: unknown) =>
    callApi<T>(started(pair)[0].url, started(cluster).apiKey, { method, path, body });
  return {
    runtime,
    get cluster() {
      return started(cluster);
    },
    get first() {
      return started(pair)[0];
    },
    get second() {
      return started(pair)[1];
    },
    /** One more, with settings of its own. */
    start: (name: string, env: Record<string, string>) => started(cluster).start(runtime, name, env),
    /** A request to the first one with the key that may do everything. @throws {FairleadError} The refusal. */
    api,
    newRoom: () => started(cluster).newRoom(),
    ticket: (input: Partial<TicketInput>) => started(cluster).ticket(input),
    room: (room: string) => api<RoomDetail>("GET", `/v1/rooms/${room}`),
    /** A connection that has not joined yet. */
    connect,
    /** A peer in a room, with its first snapshot. */
    join: async (driver: Driver, { at, join, ...input }: Joining) => {
      const client = await connect(driver, at);
      await client.join({ ticket: await started(cluster).ticket(input), ...join });
      await client.until(
        () => client.events.some(({ event }) => event.name === "snapshot.ended"),
        "snapshot",
      );
      return client;
    },
    /**
     * The refusal of a join: error, HTTP status (which the HTTP driver checks) and close code say the same.
     * @throws {Error} It is admitted.
     */
    refusal: async (driver: Driver, options: JoinOptions, at?: Instance): Promise<ErrorCode> => {
      const client = await connect(driver, at);
      const code = await client.join(options).then(() => "admitted" as const, codeOf);
      if (code === "admitted") throw new Error("admitted");
      if (driver.name === "WebSocket") await expectClosed(client, code);
      return code;
    },
  };
}

/** The code that ended a client's session, told by a frame before the connection closed. */
export async function endOf(client: ProtocolClient): Promise<ErrorCode | undefined> {
  await client.until(() => client.isClosed, "the connection's end");
  return client.framesOf("error").at(-1)?.error.code;
}

/** As the table in protocol says: by its close code, or not at all. */
async function expectClosed(client: ProtocolClient, code: ErrorCode): Promise<void> {
  if (closeCode(code) === null) return;
  await client.until(() => client.isClosed, "the socket's end");
  expect(client.closeCode).toBe(closeCode(code));
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof FairleadError) return error.code;
  throw error;
}

async function leaveIfThere(client: ProtocolClient): Promise<void> {
  if (client.isConnected && client.framesOf("joined").length > 0) client.send(LEAVE);
  await client.close();
}

const LEAVE = { type: "command", id: 1_000, settledBelow: 1_000, name: "session.leave", data: {} } as const;
