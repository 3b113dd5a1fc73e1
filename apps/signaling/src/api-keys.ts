import { ApiScope } from "@fairlead/protocol";
import type { ApiKey } from "@fairlead/signaling";
import * as z from "zod";

const KEY_LENGTH = 16;

/** What `ApiKeys` accepts, in words. */
export const API_KEYS_FORM = `SCOPES=KEY with commas between, SCOPES some of ${ApiScope.options.join("+")}, KEY at least ${KEY_LENGTH} characters without commas`;

/** e.g. `admin=KEY,tickets+rooms=KEY2`. A key may have `=` in it. */
export const ApiKeys = z
  .string()
  .transform((text) => text.split(",").map(splitItem))
  .pipe(z.array(z.object({ key: z.string().min(KEY_LENGTH), scopes: z.array(ApiScope).min(1) })));

function splitItem(item: string): Record<keyof ApiKey, unknown> {
  const [scopes = "", ...key] = item.trim().split("=");
  return { key: key.join("="), scopes: scopes.split("+") };
}
