import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmptyProject, installPacked } from "./empty-project.ts";

let project: EmptyProject;
beforeAll(async () => {
  project = await installPacked("protocol", "tickets");
});
afterAll(() => project.remove());

const SIGN_AND_VERIFY = `
import { ERRORS, TicketClaims } from "@fairlead/protocol";
import { exportKeySet, generateKeySet, importKeySet, issueTicket, publicJwks, verifyTicket } from "@fairlead/tickets";

const secret = await exportKeySet(await generateKeySet());
const keySet = await importKeySet(secret);
const { ticket } = await issueTicket(keySet, { room: "weekly-standup", identity: "user-42", ttlS: 600 });
const verifiers = await importKeySet(publicJwks(keySet));
const claims = TicketClaims.parse(await verifyTicket(verifiers, ticket, { room: "weekly-standup" }));
const refusal = await verifyTicket(verifiers, ticket, { room: "other" }).catch((error) => error.code);
console.log(JSON.stringify({ sub: claims.sub, refusal, status: ERRORS[refusal][0] }));
`;

describe("tickets and protocol, from their tarballs", () => {
  it("sign and verify in plain JavaScript on Node", async () => {
    await project.write("sign.js", SIGN_AND_VERIFY);
    const answer = JSON.parse(await project.node("sign.js"));
    expect(answer).toEqual({ sub: "user-42", refusal: "ticket_wrong_room", status: 403 });
  });

  it("have declarations that hold without skipLibCheck", async () => {
    const consumer = `
import { FairleadError, type TicketClaims } from "@fairlead/protocol";
import { generateKeySet, issueTicket, verifyTicket } from "@fairlead/tickets";

const keySet = await generateKeySet();
const { ticket } = await issueTicket(keySet, { room: "r", identity: "u", grants: { publish: ["camera"] } });
const claims: TicketClaims = await verifyTicket(keySet, ticket);
export const sources: ("microphone" | "camera" | "screen" | "screen_audio")[] = claims.grants.publish;
export const isRefusal = (error: unknown): boolean => error instanceof FairleadError && error.code === "banned";
`;
    await project.write("consumer.ts", consumer);
    await project.typeCheck("consumer.ts");
    await project.write("wrong.ts", consumer.replace('"camera"]', '"tv"]'));
    await expect(project.typeCheck("wrong.ts")).rejects.toThrow("does not type-check");
  });
});
