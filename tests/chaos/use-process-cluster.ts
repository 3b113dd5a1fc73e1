import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import {
  type ProcessCluster,
  type ProcessClusterOptions,
  startProcessCluster,
} from "../support/clusters/start-process-cluster.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { expectNothingLeft } from "./expect-nothing-left.ts";
import { Meeting } from "./meeting.ts";

const SHOWN_LINES = 80;
const WHOLE_WITHIN_MS = 60_000;

/**
 * One cluster of processes and one Chromium for the tests of a file. After each test everybody leaves, and nothing may be left.
 * A test that failed shows the logs of the processes.
 */
export function useProcessCluster(options: ProcessClusterOptions) {
  let cluster: ProcessCluster | undefined;
  let chromium: Chromium | undefined;
  const meetings: Meeting[] = [];
  let failures = 0;
  beforeAll(async () => {
    [cluster, chromium] = await Promise.all([startProcessCluster(options), launchChromium()]);
  });
  afterEach(async ({ task }) => {
    const ended = meetings.splice(0);
    if (task.result?.state === "fail") return startAnew();
    for (const meeting of ended) await meeting.end();
    await closePages();
    if (cluster) await expectNothingLeft(cluster);
  });
  afterAll(async () => {
    await chromium?.close();
    await cluster?.close();
  });
  const closePages = async () => {
    await Promise.all(chromium?.context.pages().map((page) => page.close()) ?? []);
  };
  /** A test that failed leaves faults behind, which are not those of the next one. */
  const startAnew = async () => {
    if (cluster) showLogs(cluster);
    await closePages();
    await cluster?.close();
    // Its logs stay where they are.
    failures += 1;
    cluster = await startProcessCluster({ ...options, name: `${options.name}-${failures}` });
  };
  const started = <T>(part: T | undefined): T => {
    if (!part) throw new Error("used before it was started");
    return part;
  };
  return {
    get cluster() {
      return started(cluster);
    },
    /** @throws {Error} It is not listed. */
    incarnationOf: async (nodeId: string) => {
      const node = (await started(cluster).listNodes()).find((one) => one.nodeId === nodeId);
      if (!node) throw new Error(`${nodeId} is not listed`);
      return node.incarnation;
    },
    /** Every node is known to be ready, once, and so is each of its cores. */
    untilWhole: async () => {
      const { nodes, listNodes } = started(cluster);
      const listed = async () =>
        (await listNodes()).flatMap(({ nodeId, state, busConnected, cores }) =>
          state === "ready" && busConnected && cores.every(({ usable }) => usable) ? [nodeId] : [],
        );
      await expect.poll(listed, { timeout: WHOLE_WITHIN_MS }).toEqual(nodes.map(({ name }) => name));
    },
    /** People who see and hear each other. */
    meet: async (begin?: Parameters<typeof Meeting.begin>[2]) => {
      const tab = await SdkPage.open(started(chromium).context);
      const meeting = await Meeting.begin(started(cluster), tab, begin);
      meetings.push(meeting);
      return meeting;
    },
  };
}

function showLogs({ processes }: ProcessCluster): void {
  for (const { name, logFile } of processes) {
    const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
    console.error([`--- ${logFile} (${name})`, ...lines.slice(-SHOWN_LINES)].join("\n"));
  }
}
