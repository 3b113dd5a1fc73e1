import { DEFAULT_CODEC_POLICY } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

describe("the configuration", () => {
  it("without settings is a server on port 3000, one worker per core, for this machine", () => {
    expect(readConfig([], {})).toMatchObject({
      host: "0.0.0.0",
      port: 3_000,
      isHttps: false,
      isLan: false,
      apiKey: undefined,
      cores: undefined,
      rtcBasePort: null,
      codecPolicy: DEFAULT_CODEC_POLICY,
      graceMs: 15_000,
      logLevel: "info",
    });
  });

  it("takes the environment, and command-line options over it", () => {
    const env = {
      FAIRLEAD_PORT: "4000",
      FAIRLEAD_CORES: "3",
      FAIRLEAD_CODECS: "opus, vp8",
      FAIRLEAD_RTC_PORT: "5000",
    };
    expect(readConfig(["--port", "4001", "--https", "--lan"], env)).toMatchObject({
      port: 4_001,
      cores: 3,
      codecPolicy: ["opus", "vp8"],
      rtcBasePort: 5_000,
      isHttps: true,
      isLan: true,
    });
  });

  it("takes an empty variable as one that is not set", () => {
    expect(readConfig([], { FAIRLEAD_PORT: "", FAIRLEAD_API_KEY: "" })).toMatchObject({ port: 3_000 });
  });

  it("takes a public URL, with a path too", () => {
    const publicUrl = "https://meet.example.org/fairlead";
    expect(readConfig([], { FAIRLEAD_PUBLIC_URL: publicUrl })).toMatchObject({ publicUrl });
  });

  it.each([
    ["FAIRLEAD_PUBLIC_URL", "meet.example.org"],
    ["FAIRLEAD_PUBLIC_URL", "ftp://meet.example.org"],
    ["FAIRLEAD_PORT", "99999"],
    ["FAIRLEAD_PORT", "http"],
    ["FAIRLEAD_CORES", "0"],
    ["FAIRLEAD_RTC_PORT", "-1"],
    ["FAIRLEAD_RTC_TCP_PORT", "on"],
    ["FAIRLEAD_TURN_URLS", "http://turn.example.org"],
    ["FAIRLEAD_CODECS", "opus,theora"],
    ["FAIRLEAD_GRACE_MS", "10"],
    ["FAIRLEAD_NETWORK_BPS", "fast"],
    ["FAIRLEAD_LOG_LEVEL", "loud"],
  ])("is refused with the name and value of %s=%s", (name, value) => {
    expect(() => readConfig([], { [name]: value })).toThrow(`${name}=${JSON.stringify(value)}: `);
  });

  it("names every fault at once", () => {
    const read = () => readConfig([], { FAIRLEAD_PORT: "x", FAIRLEAD_CORES: "y" });
    expect(read).toThrow(/FAIRLEAD_PORT="x"[\s\S]*FAIRLEAD_CORES="y"/);
  });

  it("never shows an API key", () => {
    const read = () => readConfig([], { FAIRLEAD_API_KEY: "hush" });
    expect(read).toThrow("FAIRLEAD_API_KEY=(not shown): at least 16 characters");
    expect(read).not.toThrow("hush");
  });

  it("takes TURN servers with a secret, and never shows that", () => {
    const env = { FAIRLEAD_TURN_URLS: "turn:turn.example.org", FAIRLEAD_TURN_SECRET: "a-secret-of-tests" };
    expect(readConfig([], env)).toMatchObject({
      turn: { urls: ["turn:turn.example.org"], secret: "a-secret-of-tests", ttlS: 86_400 },
    });
    expect(() => readConfig([], { ...env, FAIRLEAD_TURN_SECRET: "" })).toThrow("FAIRLEAD_TURN_SECRET is not");
    expect(() => readConfig([], { ...env, FAIRLEAD_TURN_SECRET: "hush" })).toThrow(
      "FAIRLEAD_TURN_SECRET=(not shown): ",
    );
  });

  it("refuses an option that it does not know, and answers --help", () => {
    expect(() => readConfig(["--prot", "1"], {})).toThrow("--prot");
    expect(readConfig(["--help"], {})).toBe("help");
  });
});
