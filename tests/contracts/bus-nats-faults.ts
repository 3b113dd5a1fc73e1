import { type Bus, decodeText } from "@fairlead/bus";
import type { NatsBusOptions, RenewableBus } from "@fairlead/bus/nats-tcp";
import { describe, expect, it } from "vitest";
import { freePort } from "../support/servers/free-port.ts";
import { type NatsServer, startNats } from "../support/servers/start-nats.ts";
import { startTcpRelay } from "../support/tcp-relay.ts";
import { bytes, collect } from "./bus-adapter.ts";
import { describeCuts, statusOf } from "./bus-contract-cuts.ts";
import { type NatsAdapter, optionsFor } from "./nats-adapter.ts";

/** A dead server is found by pings after some seconds. */
const PATIENCE_MS = 30_000;
/** Longer than a test may take. */
const FOREVER_MS = 600_000;

const disconnected = expect.objectContaining({ code: "bus_disconnected" });

type Scene = { server: NatsServer; connect: (options?: Partial<NatsBusOptions>) => Promise<RenewableBus> };

/** Faults of NATS itself and of its connections. Each fact has a server of its own. */
export function describeNatsFaults(name: string, adapter: NatsAdapter): void {
  const fact = (text: string, check: (scene: Scene) => Promise<void>) =>
    it(text, { timeout: PATIENCE_MS }, async () => {
      const server = await startNats({ config: "open" });
      const buses: Bus[] = [];
      const connect = async (options: Partial<NatsBusOptions> = {}) => {
        const bus = await adapter.connect({ ...optionsFor(adapter, server, "node"), ...options });
        buses.push(bus);
        return bus;
      };
      try {
        await check({ server, connect });
      } finally {
        await Promise.all(buses.map((bus) => bus.close()));
        await server.close();
      }
    });

  describe(`bus contract: ${name}`, () => {
    describeCuts(async ({ onHandlerError }) => {
      const server = await startNats({ config: "open" });
      const buses: Bus[] = [];
      return {
        connect: async () => {
          const bus = await adapter.connect({ ...optionsFor(adapter, server, "node"), onHandlerError });
          buses.push(bus);
          return bus;
        },
        cut: () => server.kill(),
        restore: () => server.restart(),
        close: async () => {
          await Promise.all(buses.map((bus) => bus.close()));
          await server.close();
        },
      };
    });
  });

  describe(`faults: ${name}`, () => {
    fact("a server that hangs is found by pings, and resumed", async ({ server, connect }) => {
      const errors: unknown[] = [];
      const bus = await connect({ onConnectionError: (error) => errors.push(error) });
      const silent = collect();
      bus.subscribe("silent", silent.handler);
      await bus.flush();
      const status = statusOf(bus);
      await server.kill("SIGSTOP");
      const waiting = bus.request("silent", bytes(""), { timeoutMs: FOREVER_MS });
      const flushing = bus.flush();
      await Promise.all([
        expect(waiting).rejects.toEqual(disconnected),
        expect(flushing).rejects.toEqual(disconnected),
        status.until("lost"),
      ]);
      expect(errors.map(String)).toContain("Error: NATS does not answer pings");
      await server.kill("SIGCONT");
      await status.until("resumed");
      const sawBefore = silent.messages.length;
      bus.publish("silent", bytes("again"));
      await silent.until(sawBefore + 1);
    });

    fact("a server that hangs is found even when it takes no more bytes", async ({ server, connect }) => {
      const bus = await connect();
      const status = statusOf(bus);
      await server.kill("SIGSTOP");
      // More than the buffers of both ends hold.
      for (let n = 0; n < 50; n += 1) bus.publish("flood", new Uint8Array(1_000_000));
      await status.until("lost");
    });

    fact(
      "a connection that died unseen is renewed when asked to be, and one that lives stays",
      async (scene) => {
        const relay = await startTcpRelay(Number(new URL(adapter.urlOf(scene.server)).port));
        const bus = await scene.connect({ servers: [onPort(adapter.urlOf(scene.server), relay.port)] });
        const inbox = collect();
        bus.subscribe("echo", inbox.handler);
        const status = statusOf(bus);
        await bus.renewIfSilent(FOREVER_MS);
        expect(status.seen).toEqual([]);
        relay.fallSilent();
        await bus.renewIfSilent(100);
        expect([status.seen, bus.isConnected]).toEqual([["lost", "resumed"], true]);
        bus.publish("echo", bytes("one"));
        await inbox.until(1);
        await relay.close();
      },
    );

    fact("asked to be renewed while its server is away, a bus says so after a while", async (scene) => {
      const bus = await scene.connect();
      await scene.server.kill();
      await bus.renewIfSilent(100);
      expect(bus.isConnected).toBe(false);
    });

    fact("a bus closes while its server hangs or is gone", async ({ server, connect }) => {
      const [hanging, lost] = [await connect(), await connect()];
      await server.kill("SIGSTOP");
      await hanging.close();
      const status = statusOf(lost);
      await server.kill();
      await status.until("lost");
      await lost.close();
      expect(lost.isConnected).toBe(false);
      expect(() => lost.subscribe("room", () => {})).toThrow(disconnected);
    });

    fact("a message that is published right before a close arrives", async ({ connect }) => {
      const [leaver, listener] = [await connect(), await connect()];
      const inbox = collect();
      listener.subscribe("goodbye", inbox.handler);
      await listener.flush();
      leaver.publish("goodbye", bytes("bye"));
      await leaver.close();
      await inbox.until(1);
    });

    fact("of several servers another one takes over", async ({ server, connect }) => {
      const ports = { port: await freePort(), websocketPort: await freePort() };
      const other = await startNats({ config: "open", ...ports });
      await other.kill();
      const bus = await connect({ servers: [adapter.urlOf(server), adapter.urlOf(other)] });
      const inbox = collect();
      bus.subscribe("echo", inbox.handler);
      const status = statusOf(bus);
      await other.restart();
      await server.kill();
      await status.until("resumed");
      bus.publish("echo", bytes("one"));
      await inbox.until(1);
      await other.close();
    });

    it("a server that is not there yet is waited for; each reason is told once", {
      timeout: PATIENCE_MS,
    }, async () => {
      const ports = { port: await freePort(), websocketPort: await freePort() };
      const away = await startNats({ config: "open", ...ports });
      const options = optionsFor(adapter, away, "node");
      await away.close();
      const told = Promise.withResolvers<void>();
      const errors: unknown[] = [];
      const onConnectionError = (error: unknown) => {
        errors.push(error);
        told.resolve();
      };
      const connecting = adapter.connect({ ...options, onConnectionError });
      await told.promise;
      const server = await startNats({ config: "open", ...ports });
      const bus = await connecting;
      const inbox = collect();
      bus.subscribe("room", inbox.handler);
      bus.publish("room", bytes("hello"));
      await inbox.until(1);
      expect(decodeText(inbox.messages[0]?.data ?? bytes(""))).toBe("hello");
      expect(new Set(errors.map(String)).size).toBe(errors.length);
      await bus.close();
      await server.close();
    });

    fact("a server that is not there rejects for who does not want to wait", async ({ server, connect }) => {
      await server.kill();
      await expect(connect({ waitOnFirstConnect: false })).rejects.toThrow();
    });

    fact("a wrong password rejects, whether one waits or not", async ({ connect }) => {
      for (const waitOnFirstConnect of [true, false])
        await expect(connect({ password: "guessed", waitOnFirstConnect })).rejects.toThrow(
          "NATS refuses these credentials",
        );
    });
  });
}

function onPort(url: string, port: number): string {
  return url.replace(/\d+$/, `${port}`);
}
