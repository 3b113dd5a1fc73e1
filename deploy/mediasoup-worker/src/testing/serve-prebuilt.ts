import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { archiveName } from "../download-prebuilt.ts";
import { writeExecutable } from "./fake-mediasoup.ts";

/** A directory for one test. */
export async function makeTempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "fairlead-worker-test-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** An HTTP server for one test. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}`;
}

/** A release server that holds one worker, in an archive as mediasoup packs it. `requests` grows with each request. */
export async function servePrebuilt(
  version: string,
  worker: string,
): Promise<{ baseUrl: string; requests: string[] }> {
  const archive = await packWorker(worker);
  const requests: string[] = [];
  const baseUrl = await serve((request, response) => {
    requests.push(request.url ?? "");
    if (request.url === `/${version}/${archiveName(version)}`) response.end(archive);
    else response.writeHead(404).end();
  });
  return { baseUrl, requests };
}

export async function packWorker(worker: string): Promise<Buffer> {
  const dir = await makeTempDir();
  await writeExecutable(join(dir, "mediasoup-worker"), worker);
  await promisify(execFile)("tar", ["-czf", join(dir, "archive.tgz"), "-C", dir, "mediasoup-worker"]);
  return readFile(join(dir, "archive.tgz"));
}
