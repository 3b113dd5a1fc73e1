import { join } from "node:path";
import { PROTOCOL_VERSION, subjects } from "@fairlead/protocol";
import { connect } from "@nats-io/transport-node";
import type { ProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { ProtocolClient } from "../../support/protocol-client.ts";
import { startChild } from "../processes/ask-child.ts";
import type { AnswerNatsTasks } from "./answer-nats.ts";

/** Milliseconds of each. */
export type CommandTimes = { command: number[]; bareNats: number[] };

const SUBJECT = subjects.nodeCall("bench");
const WARM_UP = 300;
/** Taking turns, as signaling closes a socket that sends more than 200 frames a second for long. */
const CLIENTS = 16;

/**
 * Commands over a WebSocket through signaling to the node and back, and bare NATS requests of as many bytes between two
 * processes over the same server: in turns, one at a time.
 */
export async function measureCommands(cluster: ProcessCluster, count: number): Promise<CommandTimes> {
  // Past the balancer, which is this process and would be measured too.
  const url = cluster.signalings[0]?.url ?? "";
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) =>
      ProtocolClient.join(url, { ticket: await cluster.ticket(cluster.newRoom(), `peer-${index}`) }),
    ),
  );
  const data = { producerIds: [crypto.randomUUID()] };
  const bytes = JSON.stringify({
    id: 1_000,
    settledBelow: 1_000,
    name: "producers.subscribe",
    data,
    PROTOCOL_VERSION,
  });
  const bare = await openBareNats(cluster, bytes);
  const times: CommandTimes = { command: [], bareNats: [] };
  for (let turn = -WARM_UP; turn < count; turn++) {
    const client = clients[(turn + WARM_UP) % CLIENTS];
    const command = await timed(async () => client?.command("producers.subscribe", data));
    const bareNats = await timed(() => bare.request());
    if (turn < 0) continue;
    times.command.push(command);
    times.bareNats.push(bareNats);
  }
  await Promise.all(clients.map((client) => client.leave()));
  await bare.close();
  return times;
}

async function openBareNats({ nats }: ProcessCluster, bytes: string) {
  const child = startChild<AnswerNatsTasks>(join(import.meta.dirname, "answer-nats.ts"));
  await child.ask("serve", { url: nats.tcpUrl, ...nats.users.node, subject: SUBJECT, reply: bytes });
  const inboxPrefix = "_INBOX_signaling";
  const { user, password: pass } = nats.users.signaling;
  const connection = await connect({ servers: [nats.tcpUrl], user, pass, inboxPrefix });
  return {
    request: () => connection.request(SUBJECT, bytes, { timeout: 5_000 }),
    close: async () => {
      await connection.close();
      await child.close();
    },
  };
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const beginMs = performance.now();
  await act();
  return performance.now() - beginMs;
}
