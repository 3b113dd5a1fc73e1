import type { CoreIndex, ResourceKind, ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";

export type LedgerEntry = { id: string; kind: ResourceKind; core: CoreIndex; owner: ResourceOwner | null };

type Observed = {
  id: string;
  closed: boolean;
  appData: types.AppData;
  close(): void;
  observer: { once(event: "close", act: () => void): unknown };
};

/**
 * Every media resource of the node with its owner. It listens to mediasoup's own observers, so nothing can be made
 * without standing here; the owner comes from the resource's `appData.owner`.
 */
export class Ledger {
  readonly #resources = new Map<string, { entry: LedgerEntry; resource: Observed }>();

  /** Must be called before any resource is made in the worker. */
  watchWorker(worker: types.Worker, core: CoreIndex): void {
    worker.observer.on("newwebrtcserver", (server) => this.#add("webrtc_server", server, core));
    worker.observer.on("newrouter", (router) => this.#watchRouter(router, core));
  }

  entries(): LedgerEntry[] {
    return [...this.#resources.values()].map(({ entry }) => entry);
  }

  /** Frees the resource, and what hangs on it, in mediasoup. Does nothing if it is gone. */
  close(id: string): void {
    this.#resources.get(id)?.resource.close();
  }

  #watchRouter(router: types.Router, core: CoreIndex): void {
    this.#add("router", router, core);
    router.observer.on("newtransport", (transport) => this.#watchTransport(transport, core));
    router.observer.on("newrtpobserver", (observer) => this.#add("rtp_observer", observer, core));
  }

  #watchTransport(transport: types.Transport, core: CoreIndex): void {
    this.#add("transport", transport, core);
    transport.observer.on("newproducer", (producer) => this.#add("producer", producer, core));
    transport.observer.on("newconsumer", (consumer) => this.#add("consumer", consumer, core));
    transport.observer.on("newdataproducer", (producer) => this.#add("data_producer", producer, core));
    transport.observer.on("newdataconsumer", (consumer) => this.#add("data_consumer", consumer, core));
  }

  #add(kind: ResourceKind, resource: Observed, core: CoreIndex): void {
    const { id } = resource;
    const owner = (resource.appData.owner as ResourceOwner | undefined) ?? null;
    this.#resources.set(id, { entry: { id, kind, core, owner }, resource });
    resource.observer.once("close", () => this.#resources.delete(id));
  }
}

/** The resources that mediasoup's worker itself has, as sorted `kind:id`; the ledger's counterpart. */
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
