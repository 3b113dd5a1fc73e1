import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { parseSettings } from "./parse-settings.ts";
import * as setting from "./setting.ts";
import { ticketSettings } from "./ticket-settings.ts";

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, "generate-keys.ts");
const FLAGS = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];

/** The lines of an environment file, as a shell reads them. */
async function generate(...options: string[]) {
  const { stdout, stderr } = await run(process.execPath, [...FLAGS, SCRIPT, ...options]);
  const lines = [...stdout.matchAll(/^(\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]);
  return { env: Object.fromEntries(lines) as Record<string, string>, stderr };
}

describe("npm run keys", () => {
  it.each([
    [[], "EdDSA"],
    [["--alg", "HS256"], "HS256"],
  ])("%j makes key sets that processes take", async (options, alg) => {
    const { env, stderr } = await generate(...options);
    const schema = z.object({ ...ticketSettings, FAIRLEAD_SESSION_KEYS: setting.keySet(true) });
    const { FAIRLEAD_TICKET_KEYS, FAIRLEAD_SESSION_KEYS } = await parseSettings(schema, env);
    expect([FAIRLEAD_TICKET_KEYS?.signer?.alg, FAIRLEAD_SESSION_KEYS.signer?.alg, stderr]).toEqual([
      alg,
      "EdDSA",
      "",
    ]);
  });

  it("--api-key shows a fresh key on the terminal alone, and prints its hash", async () => {
    const [{ env, stderr }, other] = await Promise.all([
      generate("--api-key", "tickets+rooms"),
      generate("--api-key", "admin"),
    ]);
    const key = /: (\S{43,})\n$/.exec(stderr)?.[1] ?? "";
    const hash = createHash("sha256").update(key).digest("hex");
    expect(env).toEqual({ FAIRLEAD_API_KEYS: `tickets+rooms=sha256:${hash}` });
    expect(other.env.FAIRLEAD_API_KEYS).not.toContain(hash);
  });

  it.each([
    ["--api-key", "root"],
    ["--alg", "RS256"],
  ])("%s %s is refused in words", async (...options) => {
    const refused = await generate(...options).catch((error) => error.stderr);
    expect(refused).toContain(`="${options[1]}": must be`);
    expect(refused).not.toContain("    at ");
  });
});
