import { EVENT_LOG_LIMIT } from "@fairlead/protocol";
import { describe, it, onTestFinished } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { expectSameView } from "../support/expect-same-view.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { openHttp } from "../support/wires/open-http.ts";
import { openWebSocket } from "../support/wires/open-websocket.ts";
import { makeEvents } from "./make-events.ts";
import { publish } from "./publish.ts";
import { untilConsumers } from "./until-consumers.ts";
import { untilDisconnected } from "./until-disconnected.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

let cluster: MemoryCluster;
useMemoryCluster((started) => {
  cluster = started;
});

const MORE_THAN_ARE_KEPT = EVENT_LOG_LIMIT + 200;

describe.each([
  ["a WebSocket", openWebSocket],
  ["HTTP", openHttp],
] as const)("a peer over %s", (_wire, openWire) => {
  it("that missed more events than are kept gets one snapshot, which replaces its state", async () => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const bob = await ProtocolClient.join(
      cluster.url,
      { ticket: await cluster.ticket(room, "bob") },
      openWire,
    );
    onTestFinished(() => bob.drop());
    const snapshots = () => bob.events.filter(({ event }) => event.name === "snapshot.ended").length;
    await publish(ann, "microphone", rtpParameters("opus"));
    await bob.until(() => snapshots() === 1 && bob.view.consumers.size === 1, "a consumer");
    bob.drop();
    await untilDisconnected(cluster, room, bob.peerId);
    await makeEvents(cluster, room, MORE_THAN_ARE_KEPT);
    await publish(ann, "camera", rtpParameters("vp8"));
    await untilConsumers(cluster, room, 2);
    await bob.resume();
    await bob.until(() => snapshots() === 2 && bob.view.producers.size === 2, "a snapshot");
    await expectSameView(ann, bob);
    // The last of them may be made after the snapshot.
    await bob.until(() => bob.view.consumers.size === 2, "consumers");
  });
});
