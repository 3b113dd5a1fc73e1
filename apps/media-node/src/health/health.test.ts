import { describe, expect, it, onTestFinished } from "vitest";
import { NodeHealth } from "./node-health.ts";
import { createHealthApp, serveHealth } from "./serve-health.ts";

const CORE = { running: {}, isUsable: true };

function setUp() {
  const state = { awakeMs: 0, isConnected: true, isFailing: false, count: 0, isDraining: false };
  const cores: { running: unknown; isUsable: boolean }[] = [{ ...CORE }, { ...CORE }];
  const health = new NodeHealth({
    loop: state,
    bus: state,
    heartbeats: state,
    cores,
    isDraining: () => state.isDraining,
  });
  const ask = async (path: string) => {
    const response = await createHealthApp(() => health).request(path);
    return { status: response.status, body: await response.json() };
  };
  /** The node is awake for as long; it beats all the time unless told otherwise. */
  const pass = (ms: number, { beats = true } = {}) => {
    for (const endMs = state.awakeMs + ms; state.awakeMs < endMs; ) {
      state.awakeMs += 500;
      if (beats) state.count += 1;
      health.note();
    }
  };
  return { state, cores, ask, pass };
}

describe("/livez", () => {
  it("is answered while workers run and heartbeats come to an end, whatever is away", async () => {
    const { state, ask, pass } = setUp();
    pass(60_000);
    Object.assign(state, { isConnected: false, isFailing: true, isDraining: true });
    pass(60_000);
    expect(await ask("/livez")).toEqual({ status: 200, body: { status: "ok" } });
  });

  it("fails once no core has had a worker for 30 seconds, and not before; one core is enough", async () => {
    const { cores, ask, pass } = setUp();
    Object.assign(cores[0] ?? {}, { running: null });
    pass(40_000);
    expect((await ask("/livez")).status).toBe(200);
    Object.assign(cores[1] ?? {}, { running: null });
    pass(29_500);
    expect((await ask("/livez")).status).toBe(200);
    pass(500);
    const body = { status: "standstill", standstill: "no core has a worker" };
    expect(await ask("/livez")).toEqual({ status: 503, body });
  });

  it("fails once no heartbeat has come to its end for 30 seconds", async () => {
    const { ask, pass } = setUp();
    pass(5_000);
    pass(30_000, { beats: false });
    expect((await ask("/livez")).body).toMatchObject({ standstill: "no heartbeat has come to its end" });
  });
});

describe("/readyz", () => {
  it("says whether the registry answers, and is ready without it", async () => {
    const { state, ask } = setUp();
    expect(await ask("/readyz")).toEqual({ status: 200, body: { status: "ok", registry: "ok" } });
    state.isFailing = true;
    expect(await ask("/readyz")).toEqual({ status: 200, body: { status: "ok", registry: "away" } });
  });

  it("is refused while the node drains, is without its bus, or has no core that takes rooms", async () => {
    const { state, cores, ask } = setUp();
    for (const core of cores) core.isUsable = false;
    expect(await ask("/readyz")).toMatchObject({ status: 503, body: { error: { code: "no_capacity" } } });
    state.isConnected = false;
    expect(await ask("/readyz")).toMatchObject({
      status: 503,
      body: { error: { code: "bus_disconnected" } },
    });
    state.isDraining = true;
    expect(await ask("/readyz")).toMatchObject({ status: 503, body: { error: { code: "node_draining" } } });
  });

  it("is refused while the node is being started, which is alive by then", async () => {
    const { url, close } = await serveHealth("127.0.0.1", 0, () => null);
    onTestFinished(close);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });
});
