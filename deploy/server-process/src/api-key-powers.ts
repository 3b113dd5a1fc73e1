import { ApiScope, RoomPrefix } from "@fairlead/protocol";
import * as z from "zod";

export const API_KEY_POWERS_FORM = `[NAME:]SCOPES[@PREFIX], SCOPES some of ${ApiScope.options.join("+")}, PREFIX the beginning of the ids of the rooms that the key is for`;

const FORM = /^(?:([\w.-]{1,64}):)?([a-z+]*)(?:@(.*))?$/;

/** e.g. `tickets+rooms`, `shop:tickets@shop-`: the key's owner, its scopes, and the rooms that it is bound to. */
export const ApiKeyPowers = z
  .string()
  .transform((text) => {
    const [, name, scopes = text, roomPrefix]: (string | undefined)[] = FORM.exec(text) ?? [];
    return { name, scopes: scopes.split("+"), roomPrefix };
  })
  .pipe(
    z.object({
      name: z.string().or(z.undefined()),
      scopes: z.array(ApiScope).min(1),
      roomPrefix: RoomPrefix.or(z.undefined()),
    }),
  );
