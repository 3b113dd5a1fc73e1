import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type ProvideWorkerOptions, provideWorker } from "./provide-worker.ts";
import { fakeVersion, workerScripts, writeExecutable, writeFakeMediasoup } from "./testing/fake-mediasoup.ts";
import { makeTempDir, servePrebuilt } from "./testing/serve-prebuilt.ts";

let dir: string;
let packageDir: string;
let cacheDir: string;
let messages: string[];

beforeEach(async () => {
  dir = await makeTempDir();
  packageDir = join(dir, "node_modules", "mediasoup");
  cacheDir = join(dir, "cache");
  messages = [];
  await writeFakeMediasoup(packageDir);
});

/** All sources but those a test adds are empty: nothing listens on port 2 (fetch refuses port 1 itself), and no recipe is there. */
function provide(env: NodeJS.ProcessEnv = {}, options: ProvideWorkerOptions = {}) {
  return provideWorker({
    packageDir,
    recipeDir: dir,
    packageHost: {
      isRoot: false,
      run: async () => ({ exitCode: 0, ending: "exited with code 0", output: "" }),
    },
    onProgress: (message, percent) =>
      messages.push(percent === undefined ? message : `${message}: ${percent} %`),
    env: {
      FAIRLEAD_CACHE_DIR: cacheDir,
      MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: "http://127.0.0.1:2",
      ...env,
    },
    ...options,
  });
}

function installWorker(script: string): Promise<string> {
  return writeExecutable(join(packageDir, "worker", "out", "Release", "mediasoup-worker"), script);
}

async function writeRecipe(script: string): Promise<string> {
  const recipeDir = join(dir, "recipe");
  await writeExecutable(join(recipeDir, "build-worker.sh"), script);
  return recipeDir;
}

const goodRecipe = `
echo '[1/4] Compiling a'; echo '[2/4] Compiling b'; echo '[4/4] Linking'
cat > "$2" <<'END'
${workerScripts.good}END
chmod +x "$2"
`;

describe("MEDIASOUP_WORKER_BIN", () => {
  it("comes before every other source", async () => {
    await installWorker(workerScripts.good);
    const asked = await writeExecutable(join(dir, "asked"), workerScripts.good);
    await expect(provide({ MEDIASOUP_WORKER_BIN: asked })).resolves.toEqual({
      bin: asked,
      source: "environment",
    });
  });

  it("is an error that shows stderr when it names a worker that does not start, whatever else is there", async () => {
    await installWorker(workerScripts.good);
    const asked = await writeExecutable(join(dir, "asked"), workerScripts.lacksLibrary);
    const error = await provide({ MEDIASOUP_WORKER_BIN: asked }).catch((reason) => reason);
    expect(error.message).toContain("MEDIASOUP_WORKER_BIN");
    expect(error.message).toContain(asked);
    expect(error.message).toContain("libsrtp2.so.1");
  });

  it("needs no folder that may be written to", async () => {
    const asked = await writeExecutable(join(dir, "asked"), workerScripts.good);
    const env = { MEDIASOUP_WORKER_BIN: asked, FAIRLEAD_CACHE_DIR: "/dev/null/cache" };
    await expect(provide(env)).resolves.toEqual({ bin: asked, source: "environment" });
  });

  it("is an error when it names no file", async () => {
    await expect(provide({ MEDIASOUP_WORKER_BIN: join(dir, "nothing") })).rejects.toThrow("ENOENT");
  });

  it("counts as unset when it is empty", async () => {
    const bin = await installWorker(workerScripts.good);
    await expect(provide({ MEDIASOUP_WORKER_BIN: "" })).resolves.toEqual({ bin, source: "installed" });
  });
});

describe("a worker in the mediasoup package", () => {
  it("is used, and nothing is downloaded", async () => {
    const { baseUrl, requests } = await servePrebuilt(fakeVersion, workerScripts.good);
    const bin = await installWorker(workerScripts.good);
    const provided = await provide({ MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: baseUrl });
    expect(provided).toEqual({ bin, source: "installed" });
    expect(requests).toEqual([]);
  });

  it("gives way to the next source when it does not start, which is told with its stderr", async () => {
    const { baseUrl } = await servePrebuilt(fakeVersion, workerScripts.good);
    await installWorker(workerScripts.lacksLibrary);
    const { source } = await provide({ MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: baseUrl });
    expect(source).toBe("prebuilt");
    expect(messages.join("\n")).toMatch(/^installed: .*exited with code 127\n.*libsrtp2\.so\.1/);
  });
});

describe("the prebuilt worker", () => {
  it("is kept: after npm ci has renewed node_modules it comes from the cache, without a request", async () => {
    const { baseUrl, requests } = await servePrebuilt(fakeVersion, workerScripts.good);
    const env = { MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: baseUrl };
    const first = await provide(env);
    await rm(packageDir, { recursive: true });
    await writeFakeMediasoup(packageDir);
    const second = await provide(env);
    expect([first.source, second.source]).toEqual(["prebuilt", "cache"]);
    expect(second.bin).toBe(first.bin);
    expect(requests).toHaveLength(1);
  });

  it("of another version is not taken from the cache", async () => {
    const old = await servePrebuilt(fakeVersion, workerScripts.good);
    await provide({ MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: old.baseUrl });
    await writeFakeMediasoup(packageDir, "3.28.0");
    const next = await servePrebuilt("3.28.0", workerScripts.good);
    const { source } = await provide({ MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: next.baseUrl });
    expect(source).toBe("prebuilt");
  });

  it.each(["wrongVersion", "lacksLibrary", "hangsUnderMediasoup"] as const)(
    "is not kept when it fails its proof (%s)",
    async (behaviour) => {
      const { baseUrl } = await servePrebuilt(fakeVersion, workerScripts[behaviour]);
      const env = { MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: baseUrl };
      const recipeDir = await writeRecipe("exit 1");
      await expect(provide(env, { proofTimeoutMs: 1_500, recipeDir })).rejects.toThrow("prebuilt: ");
      const left = await readdir(join(cacheDir, "mediasoup-worker"));
      expect(left.filter((name) => !name.endsWith(".build.log"))).toEqual([]);
    },
  );

  it("is not asked for with MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD", async () => {
    const { baseUrl, requests } = await servePrebuilt(fakeVersion, workerScripts.good);
    const recipeDir = await writeRecipe(goodRecipe);
    const env = {
      MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: baseUrl,
      MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD: "true",
    };
    await expect(provide(env, { recipeDir })).resolves.toMatchObject({ source: "built" });
    expect(requests).toEqual([]);
  });

  it("is fetched once by calls that come together", async () => {
    const { baseUrl, requests } = await servePrebuilt(fakeVersion, workerScripts.good);
    const env = { MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: baseUrl };
    const provided = await Promise.all([provide(env), provide(env), provide(env)]);
    expect(provided.map(({ source }) => source).sort()).toEqual(["cache", "cache", "prebuilt"]);
    expect(requests).toHaveLength(1);
  });
});

describe("a built worker", () => {
  it("follows a failed download, shows its steps, and is kept", async () => {
    const recipeDir = await writeRecipe(goodRecipe);
    const first = await provide({}, { recipeDir });
    const second = await provide({}, { recipeDir });
    expect([first.source, second.source]).toEqual(["built", "cache"]);
    expect(second.bin).toBe(first.bin);
    for (const percent of [25, 50, 100])
      expect(messages).toContain(`building mediasoup-worker ${fakeVersion}: ${percent} %`);
  });

  it("of another recipe is not taken from the cache", async () => {
    const first = await provide({}, { recipeDir: await writeRecipe(goodRecipe) });
    const second = await provide({}, { recipeDir: await writeRecipe(`${goodRecipe}# another`) });
    expect(second.source).toBe("built");
    expect(second.bin).not.toBe(first.bin);
  });

  it("leaves its output in a log beside the cached binary, which the error names", async () => {
    const recipeDir = await writeRecipe("echo 'meson: no such library'; exit 7");
    const error = await provide({}, { recipeDir }).catch((reason) => reason);
    const [, logFile = ""] = /\(log: (.*)\)/.exec(error.message) ?? [];
    expect(error.message).toContain("exited with code 7");
    expect(error.message).toContain("meson: no such library");
    await expect(readFile(logFile, "utf8")).resolves.toBe("meson: no such library\n");
  });
});

it("the last error says how each source failed", async () => {
  await installWorker(workerScripts.lacksLibrary);
  const error = await provide({}, { recipeDir: await writeRecipe("exit 1") }).catch((reason) => reason);
  expect(error.message.split("\n").filter((line: string) => /^[a-z]+: /.test(line))).toEqual([
    expect.stringMatching(/^installed: /),
    expect.stringMatching(/^prebuilt: .*ECONNREFUSED/),
    expect.stringMatching(/^built: /),
  ]);
});
