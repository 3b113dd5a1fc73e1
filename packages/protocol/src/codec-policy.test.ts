import { describe, expect, it } from "vitest";
import { Capabilities } from "./capabilities.ts";
import { capabilitiesOf, DEFAULT_CODEC_POLICY, mediaCodecs } from "./codec-policy.ts";

describe("capabilities", () => {
  it("have the same version for the same policy, and another for any other", () => {
    const policies = [
      DEFAULT_CODEC_POLICY,
      ["opus", "vp8"],
      ["opus", "vp9"],
      ["opus", "vp9", "vp8"],
      ["opus", "vp8", "vp9"],
    ];
    const versions = policies.map((policy) => capabilitiesOf(policy as typeof DEFAULT_CODEC_POLICY).version);
    expect(new Set(versions).size).toBe(policies.length);
    expect(capabilitiesOf([...DEFAULT_CODEC_POLICY]).version).toBe(versions[0]);
  });

  it("fit their own schema, through JSON", () => {
    const capabilities = capabilitiesOf(DEFAULT_CODEC_POLICY);
    expect(Capabilities.parse(JSON.parse(JSON.stringify(capabilities)))).toEqual(capabilities);
  });

  it("give no payload type twice, RTX's included", () => {
    const types = capabilitiesOf(DEFAULT_CODEC_POLICY).routerRtpCapabilities.codecs.map(
      (codec) => codec.preferredPayloadType,
    );
    expect(new Set(types).size).toBe(2 * mediaCodecs(DEFAULT_CODEC_POLICY).length - 1);
  });
});
