import type { Bus } from "@fairlead/bus";
import { subjects } from "@fairlead/protocol";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsServer, startNats } from "../support/servers/start-nats.ts";
import { bytes, collect } from "./bus-adapter.ts";
import { type NatsAdapter, optionsFor } from "./nats-adapter.ts";

const RUN = "node-a-run-1";

type Side = keyof NatsServer["users"];

/** Whether the users of deploy/nats may do what Fairlead does, and nothing that another side does. */
export function describeNatsPermissions(name: string, adapter: NatsAdapter): void {
  describe(`permissions of deploy/nats: ${name}`, () => {
    let server: NatsServer;
    beforeAll(async () => {
      server = await startNats();
    });
    afterAll(() => server.close());

    /** Two clients of that side, and what NATS refused them. */
    const withSide = async (side: Side, check: (bus: Bus, refused: string[]) => Promise<void>) => {
      const refused: string[] = [];
      const options = optionsFor(adapter, server, side);
      const bus = await adapter.connect({
        ...options,
        onConnectionError: (error) => refused.push(String(error)),
      });
      try {
        await check(bus, refused);
      } finally {
        await bus.close();
      }
    };

    it.each<[side: Side, subject: string]>([
      ["signaling", subjects.nodeCall(RUN)],
      ["signaling", subjects.nodeSessions(RUN)],
      ["signaling", subjects.liveCall(RUN)],
      ["signaling", subjects.nodes],
      ["signaling", subjects.roomOwner("standup")],
      ["signaling", subjects.metrics],
      ["node", subjects.session("session-1")],
      ["node", subjects.roomControl("standup")],
      ["node", subjects.nodePing(RUN)],
      ["node", subjects.liveJobs],
      ["live", subjects.nodeCall(RUN)],
      ["live", subjects.roomOwner("standup")],
    ])("%s may publish to %s", (side, subject) =>
      withSide(side, async (bus, refused) => {
        bus.publish(subject, bytes("hello"));
        await bus.flush();
        expect(refused).toEqual([]);
      }),
    );

    it.each<[side: Side, subject: string]>([
      ["signaling", subjects.session("session-1")],
      ["signaling", subjects.roomControl("standup")],
      ["signaling", subjects.everyRoomControl],
      ["node", subjects.nodeCall(RUN)],
      ["node", subjects.nodePing(RUN)],
      ["node", subjects.nodeSessions(RUN)],
      ["node", subjects.nodes],
      ["node", subjects.roomOwner("standup")],
      ["node", subjects.everyRoomControl],
      ["live", subjects.roomControl("standup")],
      ["live", subjects.liveCall(RUN)],
      ["live", subjects.liveJobs],
      ["autoscaler", subjects.metrics],
    ])("%s may subscribe to %s", (side, subject) =>
      withSide(side, async (bus, refused) => {
        bus.subscribe(subject, () => {}, subject === subjects.liveJobs ? { queue: "live" } : {});
        await bus.flush();
        expect(refused).toEqual([]);
      }),
    );

    it.each<[side: Side, subject: string]>([
      ["signaling", subjects.session("session-1")],
      ["signaling", subjects.roomControl("standup")],
      ["signaling", subjects.nodePing(RUN)],
      ["signaling", "_INBOX_signaling.x.y"],
      ["node", subjects.nodeCall(RUN)],
      ["node", subjects.nodeSessions(RUN)],
      ["node", subjects.nodes],
      ["node", subjects.roomOwner("standup")],
      // Nobody asked this node.
      ["node", "_INBOX_signaling.x.y"],
      ["node", "anything.else"],
      ["node", subjects.liveCall(RUN)],
      ["live", subjects.liveCall(RUN)],
      ["live", subjects.liveJobs],
      ["signaling", subjects.liveJobs],
      ["live", subjects.nodes],
      ["live", subjects.nodeSessions(RUN)],
      ["live", subjects.session("session-1")],
      ["live", subjects.roomControl("standup")],
      ["live", "_INBOX_signaling.x.y"],
      ["node", subjects.metrics],
      ["live", subjects.metrics],
      ["autoscaler", subjects.metrics],
      ["autoscaler", subjects.nodeCall(RUN)],
      ["autoscaler", "_INBOX_signaling.x.y"],
    ])("%s may not publish to %s, is told, and goes on", (side, subject) =>
      withSide(side, async (bus, refused) => {
        bus.publish(subject, bytes("hello"));
        await bus.flush();
        expect(refused).toEqual([expect.stringContaining(`Publish to "${subject}"`)]);
        expect(bus.isConnected).toBe(true);
      }),
    );

    it.each<[side: Side, subject: string]>([
      ["signaling", "fairlead.node.>"],
      ["signaling", subjects.nodeCall(RUN)],
      ["signaling", subjects.liveCall(RUN)],
      ["signaling", subjects.roomOwner("standup")],
      ["signaling", "_INBOX_node.>"],
      ["signaling", ">"],
      ["node", subjects.session("session-1")],
      ["node", "fairlead.session.>"],
      ["node", "_INBOX_signaling.>"],
      ["node", ">"],
      ["live", subjects.session("session-1")],
      ["node", subjects.liveCall(RUN)],
      ["node", subjects.liveJobs],
      ["signaling", subjects.liveJobs],
      // Alone it would hear of every job.
      ["live", subjects.liveJobs],
      ["live", subjects.nodeCall(RUN)],
      ["live", subjects.nodes],
      ["live", "_INBOX_signaling.>"],
      ["live", ">"],
      ["signaling", subjects.metrics],
      ["node", subjects.metrics],
      ["autoscaler", subjects.session("session-1")],
      ["autoscaler", subjects.nodes],
      ["autoscaler", ">"],
    ])("%s may not subscribe to %s, is told, and goes on", (side, subject) =>
      withSide(side, async (bus, refused) => {
        bus.subscribe(subject, () => {});
        await bus.flush();
        expect(refused).toEqual([expect.stringContaining(`Subscription to "${subject}"`)]);
        expect(bus.isConnected).toBe(true);
      }),
    );

    it("a request that is not permitted fails at once, and nobody takes it for a dead node", () =>
      withSide("node", async (bus) => {
        const options = { timeoutMs: 600_000 }; // Longer than a test may take.
        const request = bus.request(subjects.nodeCall(RUN), bytes(""), options);
        await expect(request).rejects.toThrow(
          `NATS does not permit this user a request to fairlead.node.${RUN}.call`,
        );
        const gathering = bus.requestMany(subjects.nodes, bytes(""), options);
        await expect(gathering).rejects.toThrow("NATS does not permit this user a request to fairlead.nodes");
      }));

    it("an inbox prefix that is not the user's own fails the first request, and says so", async () => {
      const options = optionsFor(adapter, server, "signaling");
      const bus = await adapter.connect({ ...options, inboxPrefix: "_INBOX_node" });
      const request = bus.request(subjects.nodeCall(RUN), bytes(""), { timeoutMs: 600_000 });
      await expect(request).rejects.toThrow("NATS does not permit");
      await bus.close();
    });

    it("a node answers to inboxes alone: nobody makes it speak on a subject that only nodes may speak on", () =>
      withSide("node", (node, refused) =>
        withSide("node", async (other) =>
          withSide("signaling", async (victim) => {
            const [calls, heard] = [collect(), collect()];
            victim.subscribe(subjects.session("session-1"), heard.handler);
            await victim.flush();
            node.subscribe(subjects.nodeCall(RUN), calls.handler);
            await node.flush();
            const { user, password } = server.users.signaling;
            const attacker = await connect({ servers: server.tcpUrl, user, pass: password });
            attacker.publish(subjects.nodeCall(RUN), "", { reply: subjects.session("session-1") });
            await attacker.flush();
            await attacker.close();
            await calls.until(1);
            expect(calls.messages[0]?.respond).toBeUndefined();
            calls.messages[0]?.respond?.(bytes("forged"));
            await node.flush();
            other.publish(subjects.session("session-1"), bytes("true"));
            await heard.until(1);
            expect(heard.messages.map(({ data }) => new TextDecoder().decode(data))).toEqual(["true"]);
            expect(refused).toEqual([]);
          }),
        ),
      ));

    it.each([
      ["node", subjects.nodeCall(RUN)],
      ["live", subjects.liveCall(RUN)],
    ] as const)("%s may answer whoever asked it, once", (side, subject) =>
      withSide(side, (node, refused) =>
        withSide("signaling", async (asker) => {
          const inbox = collect();
          node.subscribe(subject, inbox.handler);
          await node.flush();
          const asking = asker.request(subject, bytes(""), { timeoutMs: 5_000 });
          await inbox.until(1);
          inbox.messages[0]?.respond?.(bytes("one"));
          inbox.messages[0]?.respond?.(bytes("two"));
          await asking;
          await node.flush();
          expect(refused).toEqual([]);
        }),
      ),
    );
  });
}
