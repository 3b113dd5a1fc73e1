import { provideWorker } from "@fairlead/mediasoup-worker";
import { dumpWorker, Ledger } from "@fairlead/mediasoup-worker/ledger";
import { DEFAULT_CODEC_POLICY, mediaCodecs } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { type RunningWorker, startWorker } from "../../worker/start-worker.ts";
import { Seat } from "../seat.ts";

const CODECS = mediaCodecs(DEFAULT_CODEC_POLICY) as types.RouterRtpCodecCapability[];

/** As long as a test may take: a start takes half a second, and many times that beside other tests. */
const START_MS = 30_000;

/** Two real workers for a test file, which open seats of one room. */
export function useTwoCores() {
  const ledger = new Ledger();
  const workers: RunningWorker[] = [];
  beforeAll(async () => {
    const { bin: workerBin } = await provideWorker();
    const config = {
      workerBin,
      listenAddresses: () => [{ ip: "127.0.0.1" }],
      rtcBasePort: null,
      rtcTcpBasePort: null,
    };
    workers.push(
      ...(await Promise.all([0, 1].map((core) => startWorker(core, config, ledger, Math.random)))),
    );
  }, START_MS);
  afterAll(() => {
    for (const { worker } of workers) worker.close();
  });
  const dump = async (seats: readonly Seat[]) => {
    const all = seats.flatMap((seat) => [seat, ...seat.payloadTypeSeats.all]);
    const open = all.filter(({ closed }) => !closed);
    const dumps = workers.map(({ worker }, index) =>
      dumpWorker(
        worker,
        open.filter(({ core }) => core === index).map(({ router }) => router),
      ),
    );
    return (await Promise.all(dumps)).flat().sort();
  };
  const told = () =>
    ledger
      .entries()
      .map(({ kind, id }) => `${kind}:${id}`)
      .sort();
  return {
    ledger,
    openSeat: (core: number): Promise<Seat> =>
      Seat.open(workers[core] ?? expect.fail("no such worker"), CODECS, { core, roomId: "r" }),
    /** The ledger and the workers' own dumps are the same, or are so soon. */
    expectAgreement: (seats: readonly Seat[]): Promise<void> =>
      vi.waitFor(async () => expect(await dump(seats)).toEqual(told()), { timeout: 5_000 }),
  };
}
