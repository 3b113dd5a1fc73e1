import { parseArgs } from "node:util";
import { randomId } from "@fairlead/protocol";
import { exportKeySet, generateKeySet, type KeyAlgorithm } from "@fairlead/tickets";
import * as z from "zod";
import { API_KEY_POWERS_FORM, ApiKeyPowers } from "./api-key-powers.ts";
import { parseSettings } from "./parse-settings.ts";

/**
 * `npm run keys`: fresh key sets as lines of an environment file, which a shell can read too. They are secret, and the same for
 * all processes of a cluster. `--alg ES256` or `HS256`: of the ticket keys, else Ed25519.
 *
 * `npm run keys -- --api-key admin` (or `shop:tickets+rooms@shop-`): a fresh API key, on the terminal (standard error) and nowhere else, and the line that
 * makes signaling know it by its hash.
 */
const Options = z.object({
  alg: z.enum(["EdDSA", "ES256", "HS256"]).default("EdDSA").describe("EdDSA, ES256 or HS256"),
  "api-key": z
    .string()
    .refine((text) => ApiKeyPowers.safeParse(text).success)
    .optional()
    .describe(API_KEY_POWERS_FORM),
});

try {
  const { values } = parseArgs({ options: { alg: { type: "string" }, "api-key": { type: "string" } } });
  const { alg, "api-key": powers } = await parseSettings(Options, values);
  await (powers === undefined ? printKeySets(alg) : printApiKey(powers));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function printKeySets(ticketAlg: KeyAlgorithm): Promise<void> {
  printLine(
    "FAIRLEAD_TICKET_KEYS",
    JSON.stringify(await exportKeySet(await generateKeySet({ alg: ticketAlg }))),
  );
  printLine("FAIRLEAD_SESSION_KEYS", JSON.stringify(await exportKeySet(await generateKeySet())));
}

/** 256 random bits. */
async function printApiKey(powers: string): Promise<void> {
  const key = `${randomId()}${randomId()}`;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  console.error(`The key, for the back end; it is shown this once: ${key}`);
  printLine("FAIRLEAD_API_KEYS", `${powers}=sha256:${Buffer.from(hash).toString("hex")}`);
}

function printLine(name: string, value: string): void {
  console.log(`${name}='${value}'`);
}
