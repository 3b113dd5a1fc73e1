/**
 * A media node as it is, but for one thing: a core is as busy as its peers' transports would have it at `FAIRLEAD_TEST_PEER_LOAD` of a core each, whatever
 * its worker measures. So peers without media fill nodes of which one machine runs many.
 */
import { Core } from "@fairlead/media-node/core";
import { observer, type types } from "mediasoup";

/** A peer has two. */
const TRANSPORT_LOAD = Number(process.env.FAIRLEAD_TEST_PEER_LOAD) / 2;
const transports = new Map<number, number>();

observer.on("newworker", ({ pid, observer: ofWorker }) => {
  const add = (count: number) => transports.set(pid, (transports.get(pid) ?? 0) + count);
  ofWorker.on("newrouter", (router) =>
    router.observer.on("newtransport", (transport) => {
      if (transport.type !== "webrtc") return;
      add(1);
      transport.observer.once("close", () => add(-1));
    }),
  );
});

Object.defineProperty(Core.prototype, "cpuShare", {
  get(this: { running: { worker: types.Worker } | null }) {
    return (transports.get(this.running?.worker.pid ?? 0) ?? 0) * TRANSPORT_LOAD;
  },
});

await import("@fairlead/media-node/main");
