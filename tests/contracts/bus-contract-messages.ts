import { MAX_BUS_MESSAGE_BYTES } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import { bytes, type CreateBusAdapter, collect, delivered } from "./bus-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeMessages(createAdapter: CreateBusAdapter): void {
  const bugs: { error: unknown; subject: string }[] = [];
  const fact = factsAbout(() =>
    createAdapter({ subjects: "any", onHandlerError: (error, subject) => bugs.push({ error, subject }) }),
  );

  describe("messages", () => {
    fact("arrive with subject, bytes and headers", async ({ publisher, subscriber }) => {
      const inbox = collect();
      subscriber.subscribe("room.one", inbox.handler);
      await subscriber.flush();
      publisher.publish("room.one", new Uint8Array([0, 255, 10]), { traceparent: "00-1-2-01" });
      await inbox.until(1);
      const [message] = inbox.messages;
      expect(message?.subject).toBe("room.one");
      expect([...(message?.data ?? [])]).toEqual([0, 255, 10]);
      expect(message?.headers).toMatchObject({ traceparent: "00-1-2-01" });
      expect(message?.respond).toBeUndefined();
    });

    fact("carry headers as they are: names in their case, several, none", async (adapter) => {
      const inbox = collect();
      adapter.subscriber.subscribe("room.one", inbox.handler);
      await adapter.subscriber.flush();
      const headers = { traceparent: "00-1-2-01", tracestate: "a=1,b=2", "X-Mixed-case": "a: b" };
      adapter.publisher.publish("room.one", bytes(""), headers);
      adapter.publisher.publish("room.one", bytes(""));
      await inbox.until(2);
      expect(inbox.messages.map((message) => message.headers)).toEqual([headers, {}]);
    });

    fact(
      "from whoever answers a request reach a subscription made just before it, without a flush",
      async (adapter) => {
        const { publisher: answerer, subscriber: asker } = adapter;
        answerer.subscribe("node.call", ({ respond, data }) => {
          answerer.publish(`session.${new TextDecoder().decode(data)}`, bytes("event"));
          respond?.(bytes("answer"));
        });
        await answerer.flush();
        for (const session of ["one", "two", "three"]) {
          const inbox = collect();
          asker.subscribe(`session.${session}`, inbox.handler);
          await asker.request("node.call", bytes(session), { timeoutMs: 1_000 });
          await inbox.until(1);
          expect(inbox.texts()).toEqual(["event"]);
        }
      },
    );

    fact("of the largest size arrive whole", async ({ publisher, subscriber }) => {
      const inbox = collect();
      subscriber.subscribe("room.one", inbox.handler);
      await subscriber.flush();
      const data = new Uint8Array(MAX_BUS_MESSAGE_BYTES).fill(7);
      data[MAX_BUS_MESSAGE_BYTES - 1] = 9;
      publisher.publish("room.one", data);
      await inbox.until(1);
      // Not by toEqual, which would look at a million elements one by one.
      expect(Buffer.compare(inbox.messages[0]?.data ?? bytes(""), data)).toBe(0);
    });

    fact("over the size, headers included, are refused, and the next one goes", async (adapter) => {
      const { publisher, subscriber } = adapter;
      const inbox = collect();
      subscriber.subscribe("room.one", inbox.handler);
      await subscriber.flush();
      const tooLarge = expect.objectContaining({ code: "message_too_large" });
      const largest = new Uint8Array(MAX_BUS_MESSAGE_BYTES);
      expect(() => publisher.publish("room.one", new Uint8Array(largest.length + 1))).toThrow(tooLarge);
      expect(() => publisher.publish("room.one", largest, { who: "ada" })).toThrow(tooLarge);
      publisher.publish("room.one", bytes("small"));
      await delivered(adapter);
      expect(inbox.texts()).toEqual(["small"]);
      expect(publisher.isConnected).toBe(true);
    });

    fact(
      "of one publisher arrive in order, over all subjects of a subscription",
      async ({ publisher, subscriber }) => {
        const inbox = collect();
        subscriber.subscribe("room.*", inbox.handler);
        await subscriber.flush();
        const sent = Array.from({ length: 500 }, (_, n) => String(n));
        for (const text of sent) publisher.publish(`room.${Number(text) % 7}`, bytes(text));
        await inbox.until(sent.length);
        expect(inbox.texts()).toEqual(sent);
      },
    );

    fact("match wildcards: * one token, a last > one or more", async (adapter) => {
      const { publisher, subscriber } = adapter;
      const patterns = ["a.b.c", "a.*.c", "a.>", "*.*", ">", "a.b", "*.b.*"];
      const inboxes = new Map(patterns.map((pattern) => [pattern, collect()]));
      for (const [pattern, inbox] of inboxes) subscriber.subscribe(pattern, inbox.handler);
      await subscriber.flush();
      for (const subject of ["a", "a.b", "a.b.c", "a.x.c", "a.b.c.d"])
        publisher.publish(subject, bytes(subject));
      await delivered(adapter);
      const received = Object.fromEntries([...inboxes].map(([pattern, inbox]) => [pattern, inbox.texts()]));
      expect(received).toEqual({
        "a.b.c": ["a.b.c"],
        "a.*.c": ["a.b.c", "a.x.c"],
        "a.>": ["a.b", "a.b.c", "a.x.c", "a.b.c.d"],
        "*.*": ["a.b"],
        ">": ["a", "a.b", "a.b.c", "a.x.c", "a.b.c.d", ""],
        "a.b": ["a.b"],
        "*.b.*": ["a.b.c"],
      });
    });

    fact("go to every plain subscriber, and to one of each queue group", async (adapter) => {
      const { publisher, subscriber } = adapter;
      const [plain, otherPlain, workerA, workerB, auditor] = [
        collect(),
        collect(),
        collect(),
        collect(),
        collect(),
      ];
      subscriber.subscribe("jobs", plain.handler);
      subscriber.subscribe("jobs", otherPlain.handler);
      subscriber.subscribe("jobs", workerA.handler, { queue: "workers" });
      subscriber.subscribe("jobs", workerB.handler, { queue: "workers" });
      subscriber.subscribe("jobs", auditor.handler, { queue: "audit" });
      await subscriber.flush();
      const sent = Array.from({ length: 100 }, (_, n) => String(n));
      for (const text of sent) publisher.publish("jobs", bytes(text));
      await delivered(adapter);
      expect([plain.texts(), otherPlain.texts(), auditor.texts()]).toEqual([sent, sent, sent]);
      const shared = [...workerA.texts(), ...workerB.texts()].sort((a, b) => Number(a) - Number(b));
      expect(shared).toEqual(sent);
      expect(Math.min(workerA.messages.length, workerB.messages.length)).toBeGreaterThan(10);
    });

    fact("do not reach who unsubscribed, and the others go on", async (adapter) => {
      const { publisher, subscriber } = adapter;
      const [leaver, stayer] = [collect(), collect()];
      const subscription = subscriber.subscribe("room", leaver.handler);
      subscriber.subscribe("room", stayer.handler);
      await subscriber.flush();
      publisher.publish("room", bytes("one"));
      await leaver.until(1);
      subscription.unsubscribe();
      subscription.unsubscribe();
      publisher.publish("room", bytes("two"));
      await delivered(adapter);
      expect([leaver.texts(), stayer.texts()]).toEqual([["one"], ["one", "two"]]);
    });

    fact("on their way do not reach who unsubscribes meanwhile", async (adapter) => {
      const inbox = collect();
      const subscription = adapter.subscriber.subscribe("room", inbox.handler);
      await adapter.subscriber.flush();
      adapter.publisher.publish("room", bytes("late"));
      subscription.unsubscribe();
      await delivered(adapter);
      expect(inbox.messages).toEqual([]);
    });

    fact("share nothing: neither publisher nor another subscriber can change them", async (adapter) => {
      const { publisher, subscriber } = adapter;
      const inbox = collect();
      subscriber.subscribe("room", (message) => {
        message.data.fill(0);
        message.headers.who = "me";
      });
      subscriber.subscribe("room", inbox.handler);
      await subscriber.flush();
      const data = bytes("truth");
      const headers = { who: "ada" };
      publisher.publish("room", data, headers);
      data.fill(0);
      headers.who = "eve";
      await inbox.until(1);
      expect(inbox.texts()).toEqual(["truth"]);
      expect(inbox.messages[0]?.headers.who).toBe("ada");
    });

    fact("are plain bytes, whatever they were published as, and copies of them", async (adapter) => {
      const inbox = collect();
      adapter.subscriber.subscribe("room", inbox.handler);
      await adapter.subscriber.flush();
      const data = Buffer.from("truth");
      adapter.publisher.publish("room", data);
      data.fill(0);
      await inbox.until(1);
      expect(inbox.messages[0]?.data).toEqual(bytes("truth"));
      expect(inbox.messages[0]?.data).not.toBeInstanceOf(Buffer);
    });

    fact("never run a handler inside the publisher's call", async (adapter) => {
      const inbox = collect();
      adapter.subscriber.subscribe("room", inbox.handler);
      await adapter.subscriber.flush();
      adapter.publisher.publish("room", bytes("one"));
      expect(inbox.messages).toHaveLength(0);
      await inbox.until(1);
    });

    fact("a handler that throws harms nobody and is reported", async (adapter) => {
      const { publisher, subscriber } = adapter;
      bugs.length = 0;
      const inbox = collect();
      const bug = new Error("a bug");
      subscriber.subscribe("room", () => {
        throw bug;
      });
      subscriber.subscribe("room", inbox.handler);
      await subscriber.flush();
      publisher.publish("room", bytes("one"));
      publisher.publish("room", bytes("two"));
      await delivered(adapter);
      expect(inbox.texts()).toEqual(["one", "two"]);
      expect(bugs).toEqual([
        { error: bug, subject: "room" },
        { error: bug, subject: "room" },
      ]);
    });

    fact("a closed bus refuses with bus_disconnected", async ({ publisher }) => {
      expect(publisher.isConnected).toBe(true);
      await publisher.close();
      await publisher.close();
      const refusal = expect.objectContaining({ code: "bus_disconnected" });
      expect(publisher.isConnected).toBe(false);
      expect(() => publisher.publish("room", bytes("one"))).toThrow(refusal);
      expect(() => publisher.subscribe("room", () => {})).toThrow(refusal);
      await expect(publisher.flush()).rejects.toEqual(refusal);
      await expect(publisher.request("room", bytes(""), { timeoutMs: 50 })).rejects.toEqual(refusal);
      await expect(publisher.requestMany("room", bytes(""), { timeoutMs: 50 })).rejects.toEqual(refusal);
    });
  });
}
