import { FairleadError } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import { describe, expect, it } from "vitest";
import { RefusedAddresses } from "./refused-addresses.ts";

const rateOf = (name: Rate["name"], subject: string): Rate => ({ name, subject, limit: 1, windowMs: 1_000 });
const ADDRESS = rateOf("address", "192.0.2.1");

/** A registry that refuses by the rate of this name, and counts how often it is asked. */
function setUp() {
  const clock = { nowMs: 0 };
  const refused = new RefusedAddresses(() => clock.nowMs);
  let asked = 0;
  const refuseBy = (rates: Rate[], name: string, retryAfterMs = 800) =>
    refused
      .unless(rates, async () => {
        asked += 1;
        throw new FairleadError("rate_limited", { retryAfterMs, message: "m", detail: { rate: name } });
      })
      .catch(({ code, message, retryAfterMs, detail }: FairleadError) => ({
        code,
        message,
        retryAfterMs,
        detail,
      }));
  return { clock, refused, refuseBy, asked: () => asked };
}

describe("an address that has been refused", () => {
  it("is refused without asking until it may come again, and told for how long still", async () => {
    const { clock, refused, refuseBy, asked } = setUp();
    const refusal = { code: "rate_limited", message: "m", detail: { rate: "address" } };
    expect(await refuseBy([ADDRESS], "address")).toEqual({ ...refusal, retryAfterMs: 800 });
    clock.nowMs = 300;
    const rates = [ADDRESS, rateOf("room", "standup")];
    expect(await refuseBy(rates, "address")).toEqual({ ...refusal, retryAfterMs: 500 });
    expect(asked()).toBe(1);
    expect(await refused.unless([rateOf("address", "192.0.2.2")], async () => "asked")).toBe("asked");
    clock.nowMs = 800;
    expect(await refused.unless([ADDRESS], async () => "asked")).toBe("asked");
  });

  it("as a stranger's may still be that of somebody with a ticket", async () => {
    const { refused, refuseBy } = setUp();
    await refuseBy([rateOf("stranger", "192.0.2.1")], "stranger");
    expect(await refused.unless([ADDRESS], async () => "asked")).toBe("asked");
  });

  it("is asked for again after a minute, however long its refusal", async () => {
    const { clock, refuseBy, asked } = setUp();
    await refuseBy([ADDRESS], "address", 3_600_000);
    clock.nowMs = 60_000;
    await refuseBy([ADDRESS], "address");
    expect(asked()).toBe(2);
  });

  it("is asked for again when the clock was set back by more than that minute", async () => {
    const { clock, refuseBy, asked } = setUp();
    clock.nowMs = 3_600_000;
    await refuseBy([ADDRESS], "address");
    clock.nowMs = 0;
    expect(await refuseBy([ADDRESS], "address")).toMatchObject({ retryAfterMs: 800 });
    expect(asked()).toBe(2);
  });

  it.each(["room", "key"] as const)("is not one because of a %s", async (name) => {
    const { refuseBy, asked } = setUp();
    const rates = [ADDRESS, rateOf(name, "one")];
    await refuseBy(rates, name);
    await refuseBy(rates, name);
    expect(asked()).toBe(2);
  });

  it("is forgotten when 10,000 others have been", async () => {
    const { refuseBy, asked } = setUp();
    for (let other = 0; other <= 10_000; other += 1)
      await refuseBy([rateOf("address", `${other}`)], "address");
    await refuseBy([rateOf("address", "1")], "address");
    expect(asked()).toBe(10_001);
    await refuseBy([rateOf("address", "0")], "address");
    expect(asked()).toBe(10_002);
  });
});
