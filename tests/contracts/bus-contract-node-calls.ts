import {
  type BusHeaders,
  callEveryNode,
  callNode,
  callSubject,
  decodeText,
  encodeJson,
  type NodeCallHandlers,
  serveSubject,
} from "@fairlead/bus";
import {
  FairleadError,
  MAX_BUS_MESSAGE_BYTES,
  NODE_CALLS,
  NodeAnswer,
  type NodeCallReply,
  parseJson,
  subjects,
} from "@fairlead/protocol";
import { describe, expect } from "vitest";
import type { BusAdapter, CreateBusAdapter } from "./bus-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const INCARNATION = "node-a-run-1";
const ROOM = { roomId: "standup", epoch: 7 };

const OWNER_QUESTION = { roomId: "standup", peer: { identity: "ann", ticketId: "ticket-1" } };
const DESCRIPTION: NodeCallReply<"node.describe"> = {
  nodeId: "a",
  incarnation: INCARNATION,
  state: "ready",
  region: "eu",
  labels: ["gpu"],
  load: 0.25,
};

type Bug = { error: unknown; name: string };

/** Serves a node whose every call is a bug, but for those given. */
async function serve({ subscriber }: BusAdapter, given: Partial<NodeCallHandlers>) {
  const bugs: Bug[] = [];
  const unexpected = Object.fromEntries(
    Object.keys(NODE_CALLS).map((name) => [name, () => Promise.reject(new Error(`unexpected ${name}`))]),
  ) as unknown as NodeCallHandlers;
  const handlers = { ...unexpected, ...given };
  const onBug = (error: unknown, name: string) => bugs.push({ error, name });
  const subscription = serveSubject(subscriber, subjects.nodeCall(INCARNATION), handlers, { onBug });
  await subscriber.flush();
  return { bugs, subscription };
}

/** Asks as no caller of ours would. */
async function askRaw({ publisher }: BusAdapter, data: Uint8Array): Promise<NodeAnswer> {
  const answer = await publisher.request(subjects.nodeCall(INCARNATION), data, { timeoutMs: 5_000 });
  return parseJson(NodeAnswer, decodeText(answer.data));
}

export function describeNodeCalls(createAdapter: CreateBusAdapter): void {
  const fact = factsAbout(() => createAdapter({ subjects: "fairlead", onHandlerError: () => {} }));

  describe("node calls", () => {
    fact("carry the parsed request and headers there, and the reply back", async (adapter) => {
      const seen: { request: unknown; headers: BusHeaders }[] = [];
      const reply = { peers: 3, producers: 2, consumers: 4 };
      await serve(adapter, {
        "room.describe": (request, headers) => {
          seen.push({ request, headers });
          return reply;
        },
      });
      const headers = { traceparent: "00-1-2-01" };
      const answer = await callNode(
        adapter.publisher,
        INCARNATION,
        "room.describe",
        { ...ROOM, extra: 1 } as typeof ROOM,
        { headers },
      );
      expect(answer).toEqual(reply);
      expect(seen).toEqual([{ request: ROOM, headers: expect.objectContaining(headers) }]);
    });

    fact("bring a refusal back with its code, message, retry time and detail", async (adapter) => {
      const refusal = { message: "on its way out", retryAfterMs: 250, detail: { deadlineMs: 9 } };
      const { bugs } = await serve(adapter, {
        "room.close": () => {
          throw new FairleadError("node_draining", { ...refusal, cause: new Error("secret cause") });
        },
      });
      const error = await callNode(adapter.publisher, INCARNATION, "room.close", ROOM).catch(
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(FairleadError);
      expect(error).toMatchObject({ code: "node_draining", ...refusal });
      expect(JSON.stringify(error)).not.toContain("secret");
      expect(bugs).toEqual([]);
    });

    fact("bring a bug back as internal, with nothing of its message, and report it once", async (adapter) => {
      const bug = new Error("secret path");
      const { bugs } = await serve(adapter, { "room.close": () => Promise.reject(bug) });
      const data = encodeJson({ name: "room.close", data: ROOM });
      const answer = await askRaw(adapter, data);
      expect(answer).toMatchObject({ ok: false, error: { code: "internal" } });
      expect(JSON.stringify(answer)).not.toContain("secret");
      expect(bugs).toEqual([{ error: bug, name: "room.close" }]);
    });

    fact("report a reply that can't be written as the bug it is", async (adapter) => {
      const unwritable = { peers: 1n as unknown as number, producers: 0, consumers: 0 };
      const { bugs } = await serve(adapter, { "room.describe": () => unwritable });
      await expect(callNode(adapter.publisher, INCARNATION, "room.describe", ROOM)).rejects.toMatchObject({
        code: "internal",
      });
      expect(bugs.map(({ name }) => name)).toEqual(["room.describe"]);
    });

    fact(
      "report a reply that the bus does not take as the bug it is, and the caller hears of it",
      async (adapter) => {
        const huge = { peers: [], cursor: "x".repeat(MAX_BUS_MESSAGE_BYTES) };
        const { bugs } = await serve(adapter, { "room.peers": () => huge });
        const error = await callNode(adapter.publisher, INCARNATION, "room.peers", ROOM).catch(
          (e: unknown) => e,
        );
        expect(error).toMatchObject({ code: "message_too_large" });
        expect(bugs).toMatchObject([{ name: "room.peers", error: { code: "message_too_large" } }]);
      },
    );

    fact("refuse a reply of the wrong shape at the caller", async (adapter) => {
      await serve(adapter, { "room.describe": () => ({ peers: "many" }) as never });
      await expect(callNode(adapter.publisher, INCARNATION, "room.describe", ROOM)).rejects.toMatchObject({
        code: "internal",
      });
    });

    fact("refuse what is no call, an unknown call and a bad payload, and serve the next", async (adapter) => {
      const { bugs } = await serve(adapter, { "room.close": () => ({}) });
      const ask = (text: string) => askRaw(adapter, new TextEncoder().encode(text));
      const refusal = (code: string) => ({ ok: false, error: { code } });
      expect(await ask("no json")).toMatchObject(refusal("invalid_request"));
      expect(await ask("[]")).toMatchObject(refusal("invalid_request"));
      expect(await ask('{"name":"room.explode","data":{}}')).toMatchObject(refusal("unknown_command"));
      expect(await ask('{"name":"constructor","data":{}}')).toMatchObject(refusal("unknown_command"));
      const bad = await ask('{"name":"room.close","data":{"roomId":"a b","epoch":-1}}');
      expect(bad).toMatchObject(refusal("invalid_request"));
      expect(JSON.stringify(bad)).toContain("roomId");
      expect(await callNode(adapter.publisher, INCARNATION, "room.close", ROOM)).toEqual({});
      expect(bugs).toEqual([]);
    });

    fact(
      "to a run that is gone fail with node_unreachable, to a silent one with node_timeout",
      async (adapter) => {
        const { subscription } = await serve(adapter, { "room.close": () => new Promise(() => {}) });
        const call = (timeoutMs?: number) =>
          callNode(adapter.publisher, INCARNATION, "room.close", ROOM, { timeoutMs });
        await expect(call(50)).rejects.toMatchObject({ code: "node_timeout" });
        subscription.unsubscribe();
        await adapter.subscriber.flush();
        await expect(call()).rejects.toMatchObject({ code: "node_unreachable" });
      },
    );

    fact("on a subject reach whoever serves it, for the calls that it serves there", async (adapter) => {
      const { publisher, subscriber } = adapter;
      const subject = subjects.roomOwner("standup");
      const ask = () => callSubject(publisher, subject, "room.owner", OWNER_QUESTION);
      await expect(ask()).rejects.toMatchObject({ code: "node_unreachable" });
      const bugs: Bug[] = [];
      const refuse = () => {
        throw new FairleadError("banned", { message: "not her" });
      };
      const onBug = (error: unknown, name: string) => bugs.push({ error, name });
      serveSubject(subscriber, subject, { "room.owner": refuse }, { onBug });
      await subscriber.flush();
      await expect(ask()).rejects.toMatchObject({ code: "banned", message: "not her" });
      await expect(callSubject(publisher, subject, "room.close", ROOM)).rejects.toMatchObject({
        code: "unknown_command",
      });
      expect(bugs).toEqual([]);
    });

    fact("pass a hook first, which knows them parsed and may refuse them", async (adapter) => {
      const subject = subjects.nodeCall(INCARNATION);
      const seen: unknown[] = [];
      const hooks = {
        onBug: (error: unknown) => seen.push(error),
        beforeCall: (name: string, request: unknown, { from }: BusHeaders) => {
          seen.push([name, request, from]);
          if (from === "b") throw new FairleadError("shutting_down");
        },
      };
      serveSubject(adapter.subscriber, subject, { "room.close": () => ({}) }, hooks);
      await adapter.subscriber.flush();
      const ask = (from: string) =>
        callSubject(adapter.publisher, subject, "room.close", ROOM, { headers: { from } });
      expect(await ask("a")).toEqual({});
      await expect(ask("b")).rejects.toMatchObject({ code: "shutting_down" });
      expect(seen).toEqual([
        ["room.close", ROOM, "a"],
        ["room.close", ROOM, "b"],
      ]);
    });

    fact("to every node bring the answers of all, without refusals and bugs", async (adapter) => {
      const describe = (nodeId: string) => () => ({ ...DESCRIPTION, nodeId });
      const refuse = () => {
        throw new FairleadError("shutting_down");
      };
      const handlers = [describe("a"), describe("b"), refuse, () => Promise.reject(new Error("a bug"))];
      const nodes = await Promise.all(handlers.map(() => adapter.connectSubscriber()));
      for (const [index, bus] of nodes.entries()) {
        serveSubject(
          bus,
          subjects.nodes,
          { "node.describe": handlers[index] ?? refuse },
          { onBug: () => {} },
        );
        await bus.flush();
      }
      const answers = await callEveryNode(
        adapter.publisher,
        subjects.nodes,
        "node.describe",
        {},
        { timeoutMs: 1_000 },
      );
      expect(answers.map(({ nodeId }) => nodeId).sort()).toEqual(["a", "b"]);
      expect(answers).toContainEqual({ ...DESCRIPTION, nodeId: "a" });
    });

    fact("to every node bring none when there is no node", async ({ publisher }) => {
      const timeoutMs = 600_000; // Longer than a test may take.
      expect(await callEveryNode(publisher, subjects.nodes, "node.describe", {}, { timeoutMs })).toEqual([]);
    });

    fact("between nodes are pings, each on a subject of its own", async (adapter) => {
      const other = await adapter.connectSubscriber();
      const subject = subjects.nodePing(INCARNATION);
      serveSubject(adapter.subscriber, subject, { "node.ping": () => ({}) }, { onBug: () => {} });
      await adapter.subscriber.flush();
      expect(await callSubject(other, subject, "node.ping", {})).toEqual({});
    });
  });
}
