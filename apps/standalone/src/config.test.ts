import { DEFAULT_CODEC_POLICY } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

describe("the configuration", () => {
  it("without settings is a server on port 3000, one worker per core, for this machine", async () => {
    expect(await readConfig([], {})).toMatchObject({
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

  it("takes the environment, and command-line options over it", async () => {
    const env = {
      FAIRLEAD_PORT: "4000",
      FAIRLEAD_CORES: "3",
      FAIRLEAD_CODECS: "opus, vp8",
      FAIRLEAD_RTC_PORT: "5000",
    };
    expect(await readConfig(["--port", "4001", "--https", "--lan"], env)).toMatchObject({
      port: 4_001,
      cores: 3,
      codecPolicy: ["opus", "vp8"],
      rtcBasePort: 5_000,
      isHttps: true,
      isLan: true,
    });
  });

  it("takes an empty variable as one that is not set", async () => {
    expect(await readConfig([], { FAIRLEAD_PORT: "", FAIRLEAD_API_KEY: "" })).toMatchObject({ port: 3_000 });
  });

  it("takes a public URL, with a path too", async () => {
    const publicUrl = "https://meet.example.org/fairlead";
    expect(await readConfig([], { FAIRLEAD_PUBLIC_URL: publicUrl })).toMatchObject({ publicUrl });
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
  ])("is refused with the name and value of %s=%s", async (name, value) => {
    await expect(readConfig([], { [name]: value })).rejects.toThrow(`${name}=${JSON.stringify(value)}: `);
  });

  it("names every fault at once", async () => {
    const read = () => readConfig([], { FAIRLEAD_PORT: "x", FAIRLEAD_CORES: "y" });
    await expect(read()).rejects.toThrow(/FAIRLEAD_PORT="x"[\s\S]*FAIRLEAD_CORES="y"/);
  });

  it("never shows an API key", async () => {
    const read = () => readConfig([], { FAIRLEAD_API_KEY: "hush" });
    await expect(read()).rejects.toThrow("FAIRLEAD_API_KEY=(not shown): must be at least 16 characters");
    await expect(read()).rejects.not.toThrow("hush");
  });

  it("takes its secrets from files", async () => {
    const files: Record<string, string> = {
      "/run/key": "an-api-key-of-a-file\n",
      "/run/turn": "a-secret-of-a-file",
    };
    const env = { FAIRLEAD_API_KEY_FILE: "/run/key", FAIRLEAD_TURN_SECRET_FILE: "/run/turn" };
    const config = await readConfig([], env, (path) => files[path] ?? "");
    expect(config).toMatchObject({
      apiKey: "an-api-key-of-a-file",
      turn: { secret: "a-secret-of-a-file" },
    });
  });

  it("takes TURN servers with a secret, and never shows that", async () => {
    const env = { FAIRLEAD_TURN_URLS: "turn:turn.example.org", FAIRLEAD_TURN_SECRET: "a-secret-of-tests" };
    expect(await readConfig([], env)).toMatchObject({
      turn: { urls: ["turn:turn.example.org"], secret: "a-secret-of-tests", ttlS: 86_400 },
    });
    const read = (secret: string) => readConfig([], { ...env, FAIRLEAD_TURN_SECRET: secret });
    await expect(read("")).rejects.toThrow("FAIRLEAD_TURN_SECRET is not");
    await expect(read("hush")).rejects.toThrow("FAIRLEAD_TURN_SECRET=(not shown): ");
  });

  it("refuses an option that it does not know, and answers --help", async () => {
    await expect(readConfig(["--prot", "1"], {})).rejects.toThrow("--prot");
    expect(await readConfig(["--help"], {})).toBe("help");
  });
});
