import { decodeText, type IncomingMessage } from "@fairlead/bus";
import { describe, expect } from "vitest";
import { bytes, type CreateBusAdapter, collect } from "./bus-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

/** Longer than a test may take. */
const FOREVER_MS = 600_000;

export function describeGathering(createAdapter: CreateBusAdapter): void {
  const fact = factsAbout(() => createAdapter({ subjects: "any", onHandlerError: () => {} }));

  describe("requests to many", () => {
    fact("gather each one's first answer, in the order in which they come", async (adapter) => {
      const { publisher, subscriber } = adapter;
      const [slow, quick, silent] = [collect(), collect(), collect()];
      subscriber.subscribe("who", slow.handler);
      subscriber.subscribe("who", quick.handler);
      subscriber.subscribe("who", silent.handler);
      await subscriber.flush();
      const gathering = publisher.requestMany("who", bytes("?"), { timeoutMs: 1_000 });
      await Promise.all([slow.until(1), quick.until(1), silent.until(1)]);
      quick.messages[0]?.respond?.(bytes("quick"));
      quick.messages[0]?.respond?.(bytes("quick again"));
      slow.messages[0]?.respond?.(bytes("slow"));
      const answers = await gathering;
      expect(answers.map(({ data }) => decodeText(data))).toEqual(["quick", "slow"]);
    });

    fact("carry bytes and headers to all who listen, to one of each queue group", async (adapter) => {
      const { publisher, subscriber } = adapter;
      const seen: Pick<IncomingMessage, "subject" | "data" | "headers">[] = [];
      const handler = ({ subject, data, headers, respond }: IncomingMessage) => {
        seen.push({ subject, data: data.slice(), headers: { ...headers } });
        // Whoever spoils its own copy harms nobody.
        data.fill(0);
        headers.who = "me";
        respond?.(bytes("here"));
      };
      for (const queue of [undefined, undefined, "group", "group"])
        subscriber.subscribe("who.*", handler, { queue });
      await subscriber.flush();
      const options = { timeoutMs: 1_000, headers: { who: "ada" } };
      const answers = await publisher.requestMany("who.all", bytes("?"), options);
      expect(answers).toHaveLength(3);
      const message = { subject: "who.all", data: bytes("?"), headers: { who: "ada" } };
      expect(seen.map(({ data, ...rest }) => ({ ...rest, data: new Uint8Array(data) }))).toEqual(
        Array.from({ length: 3 }, () => message),
      );
    });

    fact("to nobody bring nothing, at once", async ({ publisher }) => {
      expect(await publisher.requestMany("nobody", bytes(""), { timeoutMs: FOREVER_MS })).toEqual([]);
    });

    fact("that nobody answers bring nothing, and a late answer harms nobody", async (adapter) => {
      const inbox = collect();
      adapter.subscriber.subscribe("who", inbox.handler);
      await adapter.subscriber.flush();
      const answers = await adapter.publisher.requestMany("who", bytes(""), { timeoutMs: 50 });
      expect(answers).toEqual([]);
      await inbox.until(1);
      inbox.messages[0]?.respond?.(bytes("too late"));
      await adapter.subscriber.flush();
      await adapter.publisher.flush();
      expect(answers).toEqual([]);
    });

    fact("that wait when the bus closes fail with bus_disconnected", async ({ publisher, subscriber }) => {
      const inbox = collect();
      subscriber.subscribe("who", inbox.handler);
      await subscriber.flush();
      const gathering = publisher.requestMany("who", bytes(""), { timeoutMs: FOREVER_MS });
      const failure = expect(gathering).rejects.toMatchObject({ code: "bus_disconnected" });
      await inbox.until(1);
      await publisher.close();
      await failure;
    });
  });
}
