import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Stands in for mediasoup's library: starts a worker as that does, and takes "running" for its first message. */
const library = `
const { spawn } = require("node:child_process");
const { version } = require("./package.json");
exports.setLogEventListeners = ({ onerror }) => { exports.onerror = onerror; };
exports.createWorker = ({ workerBin }) => new Promise((resolve, reject) => {
  const env = { MEDIASOUP_VERSION: version, ...process.env };
  const child = spawn(workerBin, [], { env, stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"] });
  child.stderr.on("data", (text) => exports.onerror("worker", String(text)));
  child.on("close", (code) => reject(new Error("[code:" + code + "]")));
  const transport = { dump: async () => {}, getStats: async () => {} };
  const router = { createWebRtcTransport: async () => transport };
  const worker = {
    on: (event, listener) => event === "subprocessclose" && child.on("close", listener),
    close: () => child.kill(),
    getResourceUsage: async () => {},
    createRouter: async () => router,
  };
  child.stdout.once("data", () => resolve(worker));
});
`;

export const fakeVersion = "3.27.1";

/** Writes a mediasoup package that holds no worker. */
export async function writeFakeMediasoup(packageDir: string, version: string = fakeVersion): Promise<void> {
  await mkdir(packageDir, { recursive: true });
  await writeFile(
    join(packageDir, "package.json"),
    JSON.stringify({ name: "mediasoup", version, main: "index.js" }),
  );
  await writeFile(join(packageDir, "index.js"), library);
}

/** Scripts that act as workers do, and as workers should not. */
export const workerScripts = {
  good: serveIf('[ -n "$MEDIASOUP_VERSION" ]'),
  wrongVersion: serveIf('[ "$MEDIASOUP_VERSION" = 3.0.0 ]'),
  lacksLibrary: "#!/bin/sh\necho 'error while loading shared libraries: libsrtp2.so.1' >&2\nexit 127\n",
  hangsAlone: "#!/bin/sh\nsleep 60\n",
  hangsUnderMediasoup: '#!/bin/sh\n[ -n "$MEDIASOUP_VERSION" ] || exit 41\nsleep 60\n',
};

function serveIf(condition: string): string {
  const refusal = "{ echo 'cannot read the message' >&2; exit 1; }";
  return `#!/bin/sh\n[ -n "$MEDIASOUP_VERSION" ] || exit 41\n${condition} || ${refusal}\necho running\nexec sleep 60\n`;
}

export async function writeExecutable(path: string, content: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, 0o755);
  return path;
}
