import type { Bus, BusStatus } from "@fairlead/bus";
import { describe, expect, it } from "vitest";
import { bytes, collect } from "./bus-adapter.ts";

/** One bus of its own for each fact, from which every connection can be cut. */
export type CuttableAdapter = {
  connect(): Promise<Bus>;
  /** All connections are lost. */
  cut(): Promise<void>;
  /** The bus can be reached again. */
  restore(): Promise<void>;
  close(): Promise<void>;
};

export type OpenCuttableAdapter = (options: {
  onHandlerError: (error: unknown, subject: string) => void;
}) => Promise<CuttableAdapter>;

/** A dead server is found by pings after some seconds. */
const PATIENCE_MS = 30_000;
/** Longer than a test may take. */
const FOREVER_MS = 600_000;

const disconnected = expect.objectContaining({ code: "bus_disconnected" });

/** Every adapter does this when its connection is lost, and when it has one again. */
export function describeCuts(openAdapter: OpenCuttableAdapter): void {
  const bugs: unknown[] = [];
  const fact = (text: string, check: (adapter: CuttableAdapter) => Promise<void>) =>
    it(text, { timeout: PATIENCE_MS }, async () => {
      bugs.length = 0;
      const adapter = await openAdapter({ onHandlerError: (error) => bugs.push(error) });
      await check(adapter).finally(() => adapter.close());
    });

  describe("a connection that is lost", () => {
    fact("is lost at once, and resumed with all subscriptions", async (adapter) => {
      const [asker, listener] = [await adapter.connect(), await adapter.connect()];
      const [inbox, late, gone, silent] = [collect(), collect(), collect(), collect()];
      listener.subscribe("room.*", inbox.handler);
      const leaver = listener.subscribe("room.one", gone.handler);
      listener.subscribe("silent", silent.handler);
      await listener.flush();
      const [askerStatus, listenerStatus] = [statusOf(asker), statusOf(listener)];
      const waiting = [
        expect(asker.request("silent", bytes(""), { timeoutMs: FOREVER_MS })).rejects.toEqual(disconnected),
        expect(asker.requestMany("silent", bytes(""), { timeoutMs: FOREVER_MS })).rejects.toEqual(
          disconnected,
        ),
      ];
      await silent.until(2);
      await adapter.cut();
      await Promise.all([askerStatus.until("lost"), listenerStatus.until("lost"), ...waiting]);

      expect([asker.isConnected, listener.isConnected]).toEqual([false, false]);
      expect(() => asker.publish("room.one", bytes("lost"))).toThrow(disconnected);
      await expect(asker.flush()).rejects.toEqual(disconnected);
      await expect(asker.request("silent", bytes(""), { timeoutMs: 50 })).rejects.toEqual(disconnected);
      await expect(asker.requestMany("silent", bytes(""), { timeoutMs: 50 })).rejects.toEqual(disconnected);
      listener.subscribe("late", late.handler);
      leaver.unsubscribe();

      await adapter.restore();
      await Promise.all([askerStatus.until("resumed"), listenerStatus.until("resumed")]);
      asker.publish("room.one", bytes("one"));
      asker.publish("late", bytes("two"));
      await Promise.all([inbox.until(1), late.until(1)]);
      expect([inbox.texts(), late.texts(), gone.texts()]).toEqual([["one"], ["two"], []]);
      expect(asker.isConnected).toBe(true);
      expect([askerStatus.seen, listenerStatus.seen]).toEqual([
        ["lost", "resumed"],
        ["lost", "resumed"],
      ]);
    });

    fact("may be lost and come back again and again", async (adapter) => {
      const bus = await adapter.connect();
      const inbox = collect();
      bus.subscribe("echo", inbox.handler);
      const status = statusOf(bus);
      for (const [index, text] of ["one", "two", "three"].entries()) {
        await adapter.cut();
        await status.until("lost");
        await adapter.restore();
        await status.until("resumed");
        status.seen.length = 0;
        bus.publish("echo", bytes(text));
        await inbox.until(index + 1);
      }
      expect(inbox.texts()).toEqual(["one", "two", "three"]);
    });

    fact("takes with it the answer to a request from before", async (adapter) => {
      const [asker, listener] = [await adapter.connect(), await adapter.connect()];
      const inbox = collect();
      listener.subscribe("question", inbox.handler);
      await listener.flush();
      const status = [statusOf(asker), statusOf(listener)];
      const asked = asker.request("question", bytes("old"), { timeoutMs: FOREVER_MS }).catch(() => "lost");
      await inbox.until(1);
      await adapter.cut();
      await Promise.all(status.map(({ until }) => until("lost")));
      await adapter.restore();
      await Promise.all(status.map(({ until }) => until("resumed")));
      inbox.messages[0]?.respond?.(bytes("too late"));
      const again = asker.request("question", bytes("new"), { timeoutMs: FOREVER_MS });
      await inbox.until(2);
      inbox.messages[1]?.respond?.(bytes("in time"));
      expect(await asked).toBe("lost");
      expect((await again).data).toEqual(bytes("in time"));
    });

    fact("is told to all listeners, although one of them throws: that is reported", async (adapter) => {
      const bus = await adapter.connect();
      const bug = new Error("a bug");
      bus.onStatus(() => {
        throw bug;
      });
      const status = statusOf(bus);
      await adapter.cut();
      await status.until("lost");
      await adapter.restore();
      await status.until("resumed");
      expect(bugs).toEqual([bug, bug]);
    });

    fact("is not told to a listener that has ended the notices", async (adapter) => {
      const bus = await adapter.connect();
      const told: BusStatus[] = [];
      const listener = (status: BusStatus) => told.push(status);
      bus.onStatus(listener);
      bus.onStatus(listener)();
      const status = statusOf(bus);
      await adapter.cut();
      await status.until("lost");
      await adapter.restore();
      await status.until("resumed");
      expect(told).toEqual(["lost", "resumed"]);
    });

    fact("stays away when it was closed before, and tells nobody", async (adapter) => {
      const [closed, other] = [await adapter.connect(), await adapter.connect()];
      const [closedStatus, otherStatus] = [statusOf(closed), statusOf(other)];
      await closed.close();
      await adapter.cut();
      await otherStatus.until("lost");
      await adapter.restore();
      await otherStatus.until("resumed");
      expect([closedStatus.seen, closed.isConnected]).toEqual([[], false]);
    });

    fact("can be closed meanwhile", async (adapter) => {
      const bus = await adapter.connect();
      const status = statusOf(bus);
      await adapter.cut();
      await status.until("lost");
      await bus.close();
      await adapter.restore();
      expect([bus.isConnected, status.seen]).toEqual([false, ["lost"]]);
      expect(() => bus.subscribe("room", () => {})).toThrow(disconnected);
    });
  });
}

/** Gathers what a bus says of its connection. */
export function statusOf(bus: Bus) {
  const seen: BusStatus[] = [];
  const waiting = new Set<() => void>();
  bus.onStatus((status) => {
    seen.push(status);
    for (const check of waiting) check();
  });
  const until = (status: BusStatus) =>
    new Promise<void>((resolve) => {
      const check = () => void (seen.includes(status) && resolve());
      waiting.add(check);
      check();
    });
  return { seen, until };
}
