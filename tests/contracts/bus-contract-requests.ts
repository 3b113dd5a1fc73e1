import { decodeText } from "@fairlead/bus";
import { MAX_BUS_MESSAGE_BYTES } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import { bytes, type CreateBusAdapter, collect } from "./bus-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeRequests(createAdapter: CreateBusAdapter): void {
  const fact = factsAbout(() => createAdapter({ subjects: "any", onHandlerError: () => {} }));

  describe("requests", () => {
    fact("are answered, each by its own answer", async ({ publisher, subscriber }) => {
      subscriber.subscribe("echo", ({ data, headers, respond }) =>
        respond?.(bytes(`${decodeText(data)} for ${headers.who}`)),
      );
      await subscriber.flush();
      const ask = (n: number) =>
        publisher.request("echo", bytes(String(n)), { timeoutMs: 5_000, headers: { who: "ada" } });
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => ask(n)));
      expect(answers.map(({ data }) => decodeText(data))).toEqual(
        Array.from({ length: 100 }, (_, n) => `${n} for ada`),
      );
    });

    fact("take the first of several answers", async ({ publisher, subscriber }) => {
      subscriber.subscribe("twice", ({ respond }) => {
        respond?.(bytes("first"));
        respond?.(bytes("second"));
      });
      await subscriber.flush();
      const answer = await publisher.request("twice", bytes(""), { timeoutMs: 5_000 });
      expect(decodeText(answer.data)).toBe("first");
    });

    fact("to nobody fail at once with node_unreachable", async ({ publisher }) => {
      // Longer than a test may take.
      await expect(publisher.request("nobody", bytes(""), { timeoutMs: 600_000 })).rejects.toMatchObject({
        code: "node_unreachable",
      });
    });

    fact("over the size are refused, and so are answers, which may follow smaller", async (adapter) => {
      const { publisher, subscriber } = adapter;
      const tooLarge = expect.objectContaining({ code: "message_too_large" });
      const large = new Uint8Array(MAX_BUS_MESSAGE_BYTES + 1);
      subscriber.subscribe("large", ({ respond }) => {
        expect(() => respond?.(large)).toThrow(tooLarge);
        respond?.(bytes("small"));
      });
      await subscriber.flush();
      await expect(publisher.request("large", large, { timeoutMs: 5_000 })).rejects.toEqual(tooLarge);
      await expect(publisher.requestMany("large", large, { timeoutMs: 50 })).rejects.toEqual(tooLarge);
      const answer = await publisher.request("large", bytes(""), { timeoutMs: 5_000 });
      expect(decodeText(answer.data)).toBe("small");
    });

    fact(
      "that are not answered in time fail with node_timeout, and a late answer harms nobody",
      async ({ publisher, subscriber }) => {
        const inbox = collect();
        subscriber.subscribe("slow", inbox.handler);
        await subscriber.flush();
        const request = publisher.request("slow", bytes(""), { timeoutMs: 50 });
        await expect(request).rejects.toMatchObject({ code: "node_timeout" });
        await inbox.until(1);
        inbox.messages[0]?.respond?.(bytes("too late"));
        await publisher.flush();
      },
    );

    fact("that wait when the bus closes fail with bus_disconnected", async ({ publisher, subscriber }) => {
      const inbox = collect();
      subscriber.subscribe("slow", inbox.handler);
      await subscriber.flush();
      const request = publisher.request("slow", bytes(""), { timeoutMs: 30_000 });
      const failure = expect(request).rejects.toMatchObject({ code: "bus_disconnected" });
      await inbox.until(1);
      await publisher.close();
      await failure;
    });

    fact("to a queue group are answered by one member", async ({ publisher, subscriber }) => {
      const [one, two] = [collect(), collect()];
      for (const inbox of [one, two])
        subscriber.subscribe(
          "shared",
          (message) => {
            inbox.handler(message);
            message.respond?.(bytes("done"));
          },
          { queue: "members" },
        );
      await subscriber.flush();
      for (let n = 0; n < 20; n += 1) await publisher.request("shared", bytes(""), { timeoutMs: 5_000 });
      expect(one.messages.length + two.messages.length).toBe(20);
    });
  });
}
