import { COMMANDS, type CommandName, type CommandReply, type CommandRequest } from "@fairlead/protocol";
import { expect } from "vitest";
import type { FuzzPeer } from "./fuzz-peer.ts";
import type { Model, ModelPeer } from "./model.ts";

type Effects = {
  [N in CommandName]?: (
    model: Model,
    peer: ModelPeer,
    request: CommandRequest<N>,
    reply: CommandReply<N>,
  ) => void;
};

/** Makes the change of a command that was answered with success. */
const EFFECTS: Effects = {
  "producer.create": (model, peer, { source, paused }, { producerId }) =>
    model.produced(peer, producerId, { source, paused }),
  "producer.pause": (_, peer, { producerId }) => setPaused(peer, producerId, true),
  "producer.resume": (model, peer, { producerId }) => {
    setPaused(peer, producerId, false);
    expect(model.isMuted(peer, producerId), "what a moderator mutes, its peer does not resume").toBe(false);
  },
  "producer.close": (_, peer, { producerId }) => closeProducer(peer, producerId),
  "data_producer.create": (_, peer, _request, { dataProducerId }) => peer.dataProducers.add(dataProducerId),
  "data_producer.close": (_, peer, { dataProducerId }) =>
    expect(peer.dataProducers.delete(dataProducerId), "it was there").toBe(true),
  "peer.mute": (model, peer, { peerId, ...mute }) => model.muted(peer.room, peerId, mute),
  "peer.remove": (model, peer, { peerId, ban }) => model.removed(peer.room, peerId, ban),
  "session.leave": (model, peer) => model.left(peer),
};

/** Without these, a command must not be answered with success. */
const NEEDS: Partial<Record<CommandName, (peer: FuzzPeer, request: Record<string, unknown>) => boolean>> = {
  "producer.create": ({ grants }, { source }) => grants.publish.some((granted) => granted === source),
  "data_producer.create": ({ grants }) => grants.data,
  "producers.subscribe": ({ grants }) => grants.subscribe,
  "peer.mute": ({ grants }) => grants.moderate,
  "peer.remove": ({ grants }) => grants.moderate,
  "transport.connect": ({ transportIds }, { transportId }) => transportIds.includes(String(transportId)),
  "transport.restart_ice": ({ transportIds }, { transportId }) => transportIds.includes(String(transportId)),
};

/** A command of `peer` was answered with success: it may have been, and the model follows. */
export function applyCommand(
  model: Model,
  peer: FuzzPeer,
  name: string,
  data: unknown,
  reply: unknown,
): void {
  expect(Object.hasOwn(COMMANDS, name), `${name} is a command`).toBe(true);
  const known = name as CommandName;
  const request = COMMANDS[known].request.parse(data);
  expect(NEEDS[known]?.(peer, request as Record<string, unknown>) ?? true, `${name} was granted`).toBe(true);
  const acting = model.peerOfSession(peer);
  if (!acting) throw new Error(`${name} of a peer that is gone was answered with success`);
  const effect = EFFECTS[known] as
    | ((model: Model, peer: ModelPeer, request: unknown, reply: unknown) => void)
    | undefined;
  effect?.(model, acting, request, COMMANDS[known].reply.parse(reply));
}

/** The sound of a screen ends with its picture. */
function closeProducer(peer: ModelPeer, producerId: string): void {
  const isScreen = peer.producers.get(producerId)?.source === "screen";
  expect(peer.producers.delete(producerId), "it was there").toBe(true);
  for (const [id, { source }] of peer.producers)
    if (isScreen && source === "screen_audio") peer.producers.delete(id);
}

function setPaused(peer: ModelPeer, producerId: string, paused: boolean): void {
  const producer = peer.producers.get(producerId);
  if (!producer) throw new Error("a producer that is not the peer's own was paused or resumed");
  producer.paused = paused;
}
