import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SendCommand } from "../connection/session.ts";
import { IceRestarter } from "./ice-restarter.ts";

const OLD = [{ urls: ["turn:turn.example.org"], username: "1:ann", credential: "old" }];
const FRESH = [{ urls: ["turn:turn.example.org"], username: "2:ann", credential: "fresh" }];
const SECOND_MS = 1_000;

/** As mediasoup-client's, as far as its ICE goes. Its state is the test's. */
class ScriptedTransport {
  readonly id = "t1";
  closed = false;
  connectionState: types.ConnectionState = "new";
  readonly done: string[] = [];
  readonly #listeners = new Map<string, (state: types.ConnectionState) => void>();
  readonly on = ((event: string, listener: () => void) => {
    this.#listeners.set(event, listener);
  }) as unknown as types.Transport["on"];

  async updateIceServers({ iceServers }: { iceServers?: RTCIceServer[] } = {}): Promise<void> {
    this.done.push(`servers ${iceServers?.[0]?.credential}`);
  }

  async restartIce(): Promise<void> {
    this.done.push("restart");
  }

  begin(): void {
    this.#listeners.get("connect")?.("new");
  }

  become(state: types.ConnectionState): void {
    this.connectionState = state;
    this.#listeners.get("connectionstatechange")?.(state);
  }
}

let transport: ScriptedTransport;
let restarter: IceRestarter;
let isNodeAway: boolean;

function setUp(iceServers = OLD): void {
  transport = new ScriptedTransport();
  isNodeAway = false;
  const command = (async () => {
    if (isNodeAway) throw new FairleadError("node_timeout");
    return { iceParameters: {}, iceServers: iceServers.length > 0 ? FRESH : [] };
  }) as unknown as SendCommand;
  restarter = new IceRestarter({ transport, command, iceServers, now: Date.now });
}

const passed = (ms: number) => vi.advanceTimersByTimeAsync(ms);
/** What was done since the last call. */
const done = () => transport.done.splice(0);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  setUp();
});
afterEach(() => {
  restarter.close();
  vi.useRealTimers();
});

describe("before the first connect", () => {
  it("nothing is asked for while the join's credentials are fresh", async () => {
    await passed(30 * SECOND_MS);
    expect(restarter.prepare()).toBeUndefined();
  });

  it("fresh servers are got once where they may have expired, however much is given to the transport", async () => {
    await passed(31 * SECOND_MS);
    await Promise.all([restarter.prepare(), restarter.prepare()]);
    expect(done()).toEqual(["servers fresh", "restart"]);
    transport.begin();
    transport.become("connected");
    expect(restarter.prepare()).toBeUndefined();
  });

  it("nothing is asked for where there are no credentials, or when a node is away", async () => {
    setUp([]);
    await passed(31 * SECOND_MS);
    expect(restarter.prepare()).toBeUndefined();
    setUp();
    isNodeAway = true;
    await passed(31 * SECOND_MS);
    await restarter.prepare();
    expect(done()).toEqual([]);
  });

  it("a transport that carries nothing yet is not broken, and no network restarts it", async () => {
    await passed(60 * SECOND_MS);
    await restarter.restart();
    expect(restarter.isBroken).toBe(false);
    expect(done()).toEqual([]);
  });
});

describe.each(["new", "connecting"] as const)(
  "a transport that stays %s, though it has something to carry",
  (state) => {
    beforeEach(() => {
      transport.begin();
      transport.become(state);
    });

    it("is broken after ten seconds, and restarted with fresh servers until it connects", async () => {
      await passed(9_999);
      expect([restarter.isBroken, done()]).toEqual([false, []]);
      await passed(1);
      expect([restarter.isBroken, done()]).toEqual([true, ["servers fresh", "restart"]]);
      await passed(10 * SECOND_MS);
      expect([restarter.isBroken, done()]).toEqual([true, ["servers fresh", "restart"]]);
      transport.become("connected");
      await passed(60 * SECOND_MS);
      expect([restarter.isBroken, done()]).toEqual([false, []]);
    });

    it("is restarted at once by a new network", async () => {
      await passed(SECOND_MS);
      await restarter.restart();
      expect(done()).toEqual(["servers fresh", "restart"]);
    });

    it("is restarted once the node is back", async () => {
      isNodeAway = true;
      await passed(15 * SECOND_MS);
      expect([restarter.isBroken, done()]).toEqual([true, []]);
      isNodeAway = false;
      await passed(10 * SECOND_MS);
      expect(done()).toEqual(["servers fresh", "restart"]);
    });

    it("is left alone when it is closed", async () => {
      restarter.close();
      transport.closed = true;
      await passed(60 * SECOND_MS);
      expect(done()).toEqual([]);
    });
  },
);

describe("a transport that was connected", () => {
  beforeEach(() => {
    transport.begin();
    transport.become("connected");
  });

  it("is restarted at once when it fails", async () => {
    transport.become("failed");
    await passed(0);
    expect([restarter.isBroken, done()]).toEqual([true, ["servers fresh", "restart"]]);
  });

  it("has three seconds to come back by itself from disconnected", async () => {
    transport.become("disconnected");
    await passed(2_999);
    expect([restarter.isBroken, done()]).toEqual([true, []]);
    await passed(1);
    expect(done()).toEqual(["servers fresh", "restart"]);
  });
});
