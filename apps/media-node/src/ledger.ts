import type { types } from "mediasoup";

export type ResourceKind =
  | "webrtc_server"
  | "router"
  | "transport"
  | "rtp_observer"
  | "producer"
  | "consumer"
  | "data_producer"
  | "data_consumer";

/** A core owns its WebRtcServer, a room its router and observers, a peer the rest. */
export type ResourceOwner = { core: number; roomId?: string; peerId?: string };

export type LedgerEntry = { id: string; kind: ResourceKind; owner: ResourceOwner | null };

type Observed = {
  id: string;
  closed: boolean;
  appData: types.AppData;
  observer: { once(event: "close", act: () => void): unknown };
};

/**
 * Every media resource of the node with its owner. It listens to mediasoup's own observers, so nothing can be made
 * without standing here; the owner comes from the resource's `appData.owner`, and what has none is surplus.
 */
export class Ledger {
  readonly #entries = new Map<string, LedgerEntry>();

  /** Must be called before anything is made in the worker. */
  watchWorker(worker: types.Worker): void {
    worker.observer.on("newwebrtcserver", (server) => this.#add("webrtc_server", server));
    worker.observer.on("newrouter", (router) => this.#watchRouter(router));
  }

  entries(): LedgerEntry[] {
    return [...this.#entries.values()];
  }

  #watchRouter(router: types.Router): void {
    this.#add("router", router);
    router.observer.on("newtransport", (transport) => this.#watchTransport(transport));
    router.observer.on("newrtpobserver", (observer) => this.#add("rtp_observer", observer));
  }

  #watchTransport(transport: types.Transport): void {
    this.#add("transport", transport);
    transport.observer.on("newproducer", (producer) => this.#add("producer", producer));
    transport.observer.on("newconsumer", (consumer) => this.#add("consumer", consumer));
    transport.observer.on("newdataproducer", (producer) => this.#add("data_producer", producer));
    transport.observer.on("newdataconsumer", (consumer) => this.#add("data_consumer", consumer));
  }

  #add(kind: ResourceKind, resource: Observed): void {
    this.#entries.set(resource.id, {
      id: resource.id,
      kind,
      owner: (resource.appData.owner as ResourceOwner | undefined) ?? null,
    });
    resource.observer.once("close", () => this.#entries.delete(resource.id));
  }
}

/** What mediasoup's worker itself says exists, as sorted `kind:id`; the ledger's counterpart. */
export async function dumpWorker(worker: types.Worker, routers: readonly types.Router[]): Promise<string[]> {
  const { webRtcServerIds, routerIds } = await worker.dump();
  const dumps = await Promise.all(routers.map((router) => router.dump()));
  const inRouters = dumps.flatMap((dump) => [
    ...dump.transportIds.map((id) => `transport:${id}`),
    ...dump.rtpObserverIds.map((id) => `rtp_observer:${id}`),
    ...dump.mapProducerIdConsumerIds.map(({ key }) => `producer:${key}`),
    ...dump.mapConsumerIdProducerId.map(({ key }) => `consumer:${key}`),
    ...dump.mapDataProducerIdDataConsumerIds.map(({ key }) => `data_producer:${key}`),
    ...dump.mapDataConsumerIdDataProducerId.map(({ key }) => `data_consumer:${key}`),
  ]);
  return [
    ...webRtcServerIds.map((id) => `webrtc_server:${id}`),
    ...routerIds.map((id) => `router:${id}`),
    ...inRouters,
  ].sort();
}
