import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createTicketKeys, verifyTicket } from "@fairlead/tickets";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "../support/servers/free-port.ts";
import { type EmptyProject, installPacked, samplesOf } from "./empty-project.ts";

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
console.log(JSON.stringify({ sub: claims.sub, refusal, status: ERRORS[refusal].status }));
`;

describe("tickets and protocol, from their tarballs", () => {
  it("sign and verify in plain JavaScript on Node", async () => {
    await project.write("sign.js", SIGN_AND_VERIFY);
    const answer = JSON.parse(await project.node("sign.js"));
    expect(answer).toEqual({ sub: "user-42", refusal: "ticket_wrong_room", status: 403 });
  });

  it("are a back end as the README has it, whose tickets are verified by its JWKS URL alone", async () => {
    const { makeKeys, backEnd } = await readmeOfTickets();
    await project.shell(makeKeys);
    const secret = await readFile(join(project.folder, "ticket-keys.json"), "utf8");
    await project.write("back-end.js", backEnd);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    project.start("back-end.js", { TICKET_KEYS: secret, PORT: `${port}` });
    const { ticket } = await firstAnswer<{ ticket: string }>(`${url}/ticket`);
    const verifiers = createTicketKeys({ jwksUrls: [`${url}/jwks.json`] });
    const claims = await verifyTicket(verifiers, ticket, { room: "weekly-standup" });
    expect(claims).toMatchObject({ sub: "user-42", grants: { publish: expect.arrayContaining(["camera"]) } });
    expect(await (await fetch(`${url}/jwks.json`)).text()).not.toContain('"d"');
  });

  it("have declarations that hold without skipLibCheck, also for the README's sample", async () => {
    const [sample = ""] = await samplesOf(project, "tickets");
    expect(sample).toContain("issueTicket");
    await project.write("readme.ts", sample);
    const consumer = `
import "./readme.js";
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

/** The blocks of code in the README's section on tickets. */
async function readmeOfTickets(): Promise<{ makeKeys: string; backEnd: string }> {
  const readme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");
  const section = readme.split(/^## /m).find((text) => text.startsWith("Tickets without us")) ?? "";
  const block = (language: string) =>
    new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section)?.[1] ?? expect.fail(`no ${language}`);
  const backEnd = block("js");
  expect(backEnd.trim().split("\n")).toHaveLength(10);
  return { makeKeys: block("sh"), backEnd };
}

/** Asks until the server listens. */
async function firstAnswer<T>(url: string): Promise<T> {
  const answer = await vi.waitFor(() => fetch(url), { timeout: 10_000 });
  return (await answer.json()) as T;
}
