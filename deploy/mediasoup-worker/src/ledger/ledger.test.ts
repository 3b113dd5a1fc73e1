import { createWorker } from "mediasoup";
import { describe, expect, it, onTestFinished } from "vitest";
import { provideWorker } from "../provide-worker.ts";
import { dumpWorker, Ledger } from "./ledger.ts";

async function startWorker() {
  const { bin } = await provideWorker();
  const worker = await createWorker({ workerBin: bin, logLevel: "error" });
  onTestFinished(() => worker.close());
  const ledger = new Ledger();
  ledger.watchWorker(worker, 0);
  return { worker, ledger };
}

describe("the ledger of a real worker", () => {
  it("holds each resource, with the owner that its maker named, until it is closed", async () => {
    const { worker, ledger } = await startWorker();
    const owner = { core: 0, roomId: "one" };
    const router = await worker.createRouter({ appData: { owner } });
    const transport = await router.createDirectTransport({ appData: { owner: { ...owner, peerId: "ann" } } });
    const data = await transport.produceData({ appData: { owner: { ...owner, peerId: "ann" } } });
    expect(ledger.entries()).toEqual([
      { id: router.id, kind: "router", core: 0, owner },
      { id: transport.id, kind: "transport", core: 0, owner: { ...owner, peerId: "ann" } },
      { id: data.id, kind: "data_producer", core: 0, owner: { ...owner, peerId: "ann" } },
    ]);
    expect(await dumpWorker(worker, [router])).toEqual(
      ledger
        .entries()
        .map(({ kind, id }) => `${kind}:${id}`)
        .sort(),
    );
    router.close();
    expect(ledger.entries()).toEqual([]);
  });

  it("names no owner for a resource that was made without one", async () => {
    const { worker, ledger } = await startWorker();
    const router = await worker.createRouter();
    expect(ledger.entries()).toEqual([{ id: router.id, kind: "router", core: 0, owner: null }]);
  });

  it("is empty once its worker is closed", async () => {
    const { worker, ledger } = await startWorker();
    await worker.createRouter();
    await worker.createRouter();
    worker.close();
    expect(ledger.entries()).toEqual([]);
  });
});
