import { describe, it } from "vitest";
import { MUSTS } from "../testing/rfc-9725.ts";
import { setUpSdp } from "../testing/sdp-setup.ts";

describe("RFC 9725", () => {
  it.each(MUSTS)("§ %s: %s", async (_section, _sentence, hold) => {
    await hold(await setUpSdp());
  });
});
