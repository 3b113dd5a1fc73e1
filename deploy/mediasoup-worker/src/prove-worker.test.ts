import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { locateMediasoup } from "./locate-mediasoup.ts";
import { proveWorker } from "./prove-worker.ts";
import { provideWorker } from "./provide-worker.ts";
import { workerScripts, writeExecutable, writeFakeMediasoup } from "./testing/fake-mediasoup.ts";
import { isRunning } from "./testing/is-running.ts";
import { makeTempDir } from "./testing/serve-prebuilt.ts";

let dir: string;

beforeEach(async () => {
  dir = await makeTempDir();
});

/** Starts a worker under the installed mediasoup. */
async function prove(bin: string, timeoutMs = 15_000): Promise<void> {
  const { packageDir } = await locateMediasoup();
  await proveWorker(bin, { packageDir, timeoutMs });
}

describe("under the real mediasoup", () => {
  it("the worker that this machine uses is proved", { timeout: 20 * 60_000 }, async () => {
    const { bin } = await provideWorker();
    await expect(prove(bin)).resolves.toBeUndefined();
  });

  it("a file that is no program is refused", async () => {
    const bin = join(dir, "garbage");
    await writeFile(bin, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 2, 3, 4, 5, 6, 7, 8]));
    await chmod(bin, 0o755);
    await expect(prove(bin)).rejects.toThrow(`${bin}, started on its own, `);
  });

  it("a file that may not be executed is refused", async () => {
    const bin = join(dir, "plain");
    await writeFile(bin, workerScripts.good);
    await expect(prove(bin)).rejects.toThrow("EACCES");
  });

  it("a program that is no worker is refused", async () => {
    await expect(prove("/bin/true")).rejects.toThrow("started on its own, exited with code 0");
  });

  it("a worker that hangs alone is given up", async () => {
    const bin = await writeExecutable(join(dir, "worker"), workerScripts.hangsAlone);
    await expect(prove(bin, 300)).rejects.toThrow("started on its own, did not end within 0.3 s");
  });

  it("a worker that hangs when mediasoup starts it is given up, and ended", async () => {
    const pidFile = join(dir, "pid");
    const script = workerScripts.hangsUnderMediasoup.replace("sleep 60", `echo $$ > ${pidFile}; sleep 60`);
    const bin = await writeExecutable(join(dir, "worker"), script);
    await expect(prove(bin, 4_000)).rejects.toThrow("started under mediasoup, did not end within 4 s");
    const pid = Number(await readFile(pidFile, "utf8"));
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it("a worker that ends when mediasoup starts it is refused, with its stderr", async () => {
    const bin = await writeExecutable(join(dir, "worker"), workerScripts.wrongVersion);
    await expect(prove(bin)).rejects.toThrow(
      /started under mediasoup, exited with code 1\n[\s\S]*cannot read the message/,
    );
  });
});

it("a worker is started on its own only, and this is told, where mediasoup cannot be loaded", async () => {
  const messages: string[] = [];
  const packageDir = join(dir, "mediasoup");
  await writeFakeMediasoup(packageDir);
  await writeFile(join(packageDir, "index.js"), 'require("not-installed");');
  const bin = await writeExecutable(join(dir, "worker"), workerScripts.good);
  await proveWorker(bin, { packageDir, onProgress: (message) => messages.push(message) });
  expect(messages).toEqual([expect.stringContaining("not-installed")]);
});
