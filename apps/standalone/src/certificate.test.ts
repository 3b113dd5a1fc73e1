import { X509Certificate } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { provideCertificate } from "./certificate.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 1_800_000_000_000;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-certificate-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe("the certificate of this machine", () => {
  it("is for localhost and the given addresses, and a server can use it", async () => {
    const made = await provideCertificate(["192.168.1.7"], await newFolder());
    const certificate = new X509Certificate(made.cert);
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkIP("192.168.1.7")).toBe("192.168.1.7");
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate.checkIP("192.168.1.8")).toBeUndefined();
    expect(() => createSecureContext({ key: made.key, cert: made.cert })).not.toThrow();
  });

  it("is kept, for its owner's eyes only", async () => {
    const folder = await newFolder();
    const first = await provideCertificate([], folder, () => NOW_MS);
    expect(await provideCertificate([], folder, () => NOW_MS + 300 * DAY_MS)).toEqual(first);
    const [file = ""] = await readdir(folder);
    expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  });

  it("is another one for other addresses", async () => {
    const folder = await newFolder();
    const first = await provideCertificate(["10.0.0.1"], folder);
    expect((await provideCertificate(["10.0.0.2"], folder)).cert).not.toBe(first.cert);
  });

  it("is renewed a day before it ends", async () => {
    const folder = await newFolder();
    const first = await provideCertificate([], folder, () => NOW_MS);
    const later = NOW_MS + 364.5 * DAY_MS;
    const second = await provideCertificate([], folder, () => later);
    expect(second.cert).not.toBe(first.cert);
    expect(second.endsAtMs).toBeGreaterThan(later + 300 * DAY_MS);
  });

  it("is made anew when the kept file is broken", async () => {
    const folder = await newFolder();
    await provideCertificate([], folder);
    const [file = ""] = await readdir(folder);
    await writeFile(join(folder, file), "{");
    expect((await provideCertificate([], folder)).cert).toContain("BEGIN CERTIFICATE");
  });
});
