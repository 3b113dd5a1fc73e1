import { execFile } from "node:child_process";
import { access, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { downloadPrebuilt } from "./download-prebuilt.ts";
import { fakeVersion as version, workerScripts } from "./testing/fake-mediasoup.ts";
import { makeTempDir, packWorker, serve, servePrebuilt } from "./testing/serve-prebuilt.ts";

async function downloadFrom(baseUrl: string) {
  const scratchDir = await makeTempDir();
  const env = { MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: baseUrl };
  return downloadPrebuilt({ version, scratchDir, env, answerTimeoutMs: 500, timeoutMs: 1_000 });
}

describe("the prebuilt worker", () => {
  it("is unpacked and executable", async () => {
    const { baseUrl } = await servePrebuilt(version, workerScripts.good);
    const bin = await downloadFrom(baseUrl);
    await expect(readFile(bin, "utf8")).resolves.toBe(workerScripts.good);
    await expect(access(bin, 1)).resolves.toBeUndefined();
  });

  it("that is not there is an error with the URL and status", async () => {
    const { baseUrl } = await servePrebuilt("3.0.0", workerScripts.good);
    await expect(downloadFrom(baseUrl)).rejects.toThrow(new RegExp(`^${baseUrl}/${version}/.*: HTTP 404`));
  });

  it("whose server does not answer is given up", async () => {
    const baseUrl = await serve(() => {});
    await expect(downloadFrom(baseUrl)).rejects.toThrow("no answer within 0.5 s");
  });

  it("whose server stops in the middle is given up", async () => {
    const archive = await packWorker(workerScripts.good);
    const baseUrl = await serve((_, response) => response.write(archive.subarray(0, 20)));
    await expect(downloadFrom(baseUrl)).rejects.toThrow("timeout");
  });

  it("that is cut off is an error", async () => {
    const archive = await packWorker(workerScripts.good);
    const baseUrl = await serve((_, response) => response.end(archive.subarray(0, archive.length - 20)));
    await expect(downloadFrom(baseUrl)).rejects.toThrow("tar exited with code");
  });

  it("that is a link to elsewhere is refused", async () => {
    const dir = await makeTempDir();
    await symlink("/bin/sh", join(dir, "mediasoup-worker"));
    await promisify(execFile)("tar", ["-czf", join(dir, "a.tgz"), "-C", dir, "mediasoup-worker"]);
    const archive = await readFile(join(dir, "a.tgz"));
    const baseUrl = await serve((_, response) => response.end(archive));
    await expect(downloadFrom(baseUrl)).rejects.toThrow("is no file");
  });
});
