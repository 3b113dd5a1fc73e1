import { type CommandName, sendTransportOf } from "@fairlead/protocol";
import type { ProtocolClient } from "../../support/protocol-client.ts";
import { rtpParameters } from "../../support/rtp-parameters.ts";

type Sent = { name: CommandName; data: unknown };
type Made = { producerId?: string; dataProducerId?: string };

/** Commands of a kind, the dearest, one after the other. `made`: what the last one that made something was answered with. */
export type Flood = (mallory: ProtocolClient) => (turn: number, made: Made) => Sent;

const BATCH = 50;

const one = (name: CommandName, data: unknown): Sent => ({ name, data });

function othersProducers({ view, peerId }: ProtocolClient): string[] {
  const others = [...view.producers.values()].filter((producer) => producer.peerId !== peerId);
  return others.map(({ producerId }) => producerId).slice(0, BATCH);
}

function someVideo({ view }: ProtocolClient): string {
  return [...view.consumers.values()].find(({ kind }) => kind === "video")?.consumerId ?? "none";
}

export const FLOODS = {
  subscribe: (mallory) => {
    const data = { producerIds: othersProducers(mallory) };
    return (turn) => one(turn % 2 ? "producers.subscribe" : "producers.unsubscribe", data);
  },
  create:
    () =>
    (turn, { producerId }) =>
      turn % 2
        ? one("producer.close", { producerId: producerId ?? "none" })
        : one("producer.create", {
            kind: "audio",
            source: "microphone",
            rtpParameters: rtpParameters("opus"),
          }),
  data:
    () =>
    (turn, { dataProducerId }) =>
      turn % 2
        ? one("data_producer.close", { dataProducerId: dataProducerId ?? "none" })
        : one("data_producer.create", { label: "d", sctpStreamParameters: { streamId: turn % 1_000 } }),
  iceRestart: (mallory) => {
    const data = { transportId: sendTransportOf(mallory.joined).id };
    return () => one("transport.restart_ice", data);
  },
  keyFrame: (mallory) => {
    const data = { consumerId: someVideo(mallory) };
    return () => one("consumer.request_key_frame", data);
  },
  layers: (mallory) => {
    const consumerId = someVideo(mallory);
    return (turn) => one("consumer.set_preferred_layers", { consumerId, spatialLayer: turn % 2 });
  },
  switch: (mallory) => {
    const data = { consumerIds: [...mallory.view.consumers.keys()].slice(0, BATCH) };
    return (turn) => one(turn % 2 ? "consumers.pause" : "consumers.resume", data);
  },
} satisfies Record<string, Flood>;
