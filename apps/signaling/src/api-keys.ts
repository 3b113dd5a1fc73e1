import { API_KEY_POWERS_FORM, ApiKeyPowers } from "@fairlead/server-process/settings";
import { hashApiKey } from "@fairlead/signaling";
import * as z from "zod";

const KEY_LENGTH = 16;
const HASH = "sha256:";

/** The form that `ApiKeys` accepts, in words. */
export const API_KEYS_FORM = `POWERS=KEY or POWERS=${HASH}HEX with commas between, POWERS ${API_KEY_POWERS_FORM}, KEY at least ${KEY_LENGTH} characters without commas, HEX its SHA-256`;

const Hash = z
  .string()
  .min(KEY_LENGTH)
  // A hash that was copied in part must not become a key.
  .refine((given) => !given.startsWith(HASH) || /^sha256:[0-9a-f]{64}$/i.test(given))
  .transform((given) =>
    given.startsWith(HASH) ? given.slice(HASH.length).toLowerCase() : hashApiKey(given),
  );

const Item = z
  .object({ powers: ApiKeyPowers, hash: Hash })
  .transform(({ powers: { name, scopes, roomPrefix }, hash }) => ({
    ...(name === undefined ? {} : { name }),
    ...(roomPrefix === undefined ? {} : { roomPrefix }),
    scopes,
    hash,
  }));

/** e.g. `admin=sha256:HEX,shop:tickets+rooms@shop-=KEY`. A key may have `=` in it. Only hashes are kept. */
export const ApiKeys = z
  .string()
  .transform((text) => text.split(",").map(splitItem))
  .pipe(z.array(Item))
  // What the key may do would depend on which of the two is meant.
  .refine((keys) => new Set(keys.map(({ hash }) => hash)).size === keys.length);

function splitItem(item: string): z.input<typeof Item> {
  const [powers = "", ...key] = item.trim().split("=");
  return { powers, hash: key.join("=") };
}
