import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import * as z from "zod";

const Certificate = z.object({ key: z.string(), cert: z.string(), endsAtMs: z.number() });
export type Certificate = z.infer<typeof Certificate>;

const VALID_DAYS = 365;
const DAY_MS = 86_400_000;

/**
 * A self-signed certificate for localhost and `addresses`, kept between runs so that a browser's exception for it lasts.
 * @param folder Where it is kept, readable by its owner only.
 */
export async function provideCertificate(
  addresses: readonly string[],
  folder: string = join(homedir(), ".cache", "fairlead", "certificates"),
  now: () => number = Date.now,
): Promise<Certificate> {
  const name = createHash("sha256").update(addresses.join()).digest("hex").slice(0, 16);
  const file = join(folder, `${name}.json`);
  const kept = await readKept(file);
  if (kept && kept.endsAtMs > now() + DAY_MS) return kept;
  const made = await makeCertificate(addresses, now());
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

async function readKept(file: string): Promise<Certificate | null> {
  try {
    return Certificate.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    // None yet, or a broken one: it is made anew.
    return null;
  }
}

async function makeCertificate(addresses: readonly string[], nowMs: number): Promise<Certificate> {
  const endsAtMs = nowMs + VALID_DAYS * DAY_MS;
  const made = await generate([{ name: "commonName", value: "Fairlead on this machine" }], {
    keySize: 2048,
    algorithm: "sha256",
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(endsAtMs),
    extensions: [
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          ...["127.0.0.1", ...addresses].map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { key: made.private, cert: made.cert, endsAtMs };
}
