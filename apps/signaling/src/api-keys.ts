import { ApiScope } from "@fairlead/protocol";
import { hashApiKey } from "@fairlead/signaling";
import * as z from "zod";

const KEY_LENGTH = 16;
const HASH = "sha256:";

/** What `ApiKeys` accepts, in words. */
export const API_KEYS_FORM = `SCOPES=KEY or SCOPES=${HASH}HEX with commas between, SCOPES some of ${ApiScope.options.join("+")}, KEY at least ${KEY_LENGTH} characters without commas, HEX its SHA-256`;

const Item = z.object({
  scopes: z.array(ApiScope).min(1),
  hash: z
    .string()
    .min(KEY_LENGTH)
    // A hash that was copied in part must not become a key.
    .refine((given) => !given.startsWith(HASH) || /^sha256:[0-9a-f]{64}$/i.test(given))
    .transform((given) =>
      given.startsWith(HASH) ? given.slice(HASH.length).toLowerCase() : hashApiKey(given),
    ),
});

/** e.g. `admin=sha256:HEX,tickets+rooms=KEY`. A key may have `=` in it. Only hashes are kept. */
export const ApiKeys = z
  .string()
  .transform((text) => text.split(",").map(splitItem))
  .pipe(z.array(Item));

function splitItem(item: string): Record<keyof z.input<typeof Item>, unknown> {
  const [scopes = "", ...key] = item.trim().split("=");
  return { hash: key.join("="), scopes: scopes.split("+") };
}
