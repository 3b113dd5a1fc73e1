import { COMMANDS } from "@fairlead/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { Coverage } from "./coverage.ts";
import { Model } from "./model.ts";
import { routesOf } from "./routes.ts";
import { runLane } from "./run-lane.ts";
import { SSE_POSITIONS } from "./sse-positions.ts";
import { TICKET_KINDS } from "./ticket-inputs.ts";

/**
 * Frames, HTTP requests, tickets and SSE positions made from the very schemas that parse them, sent in `LANES` sequences to a
 * cluster with memory adapters and a real worker; a model follows what was answered with success. More of them, and others:
 * `FAIRLEAD_FUZZ_INPUTS=1000000 FAIRLEAD_FUZZ_SEED=7 npx vitest run --project fuzz`. A failure names its lane's seed and input. Answers
 * depend on ids and times, so a seed gives the same kinds of inputs again, not the same bytes.
 */
const LANES = 8;
const SEED = Number(process.env.FAIRLEAD_FUZZ_SEED ?? 1);
const INPUTS = Number(process.env.FAIRLEAD_FUZZ_INPUTS ?? 16_800);

let cluster: MemoryCluster;
const strays: unknown[] = [];
const onStray = (error: unknown) => strays.push(error);

beforeAll(async () => {
  process.on("unhandledRejection", onStray);
  const limits = { framesPerSecond: 1e9, frameBurst: 1e9, resumes: { perSecond: 1e9, burst: 1e9 } };
  const many = { burst: 1e9, perSecond: 1e9 };
  const budgets = { joins: many, producers: many, dataProducers: many, consumers: many, iceRestarts: many };
  cluster = await startMemoryCluster({ limits, budgets, graceMs: 3_600_000 });
});

afterAll(async () => {
  await cluster.close();
  process.off("unhandledRejection", onStray);
});

describe(`${INPUTS} inputs made from the schemas (seed ${SEED})`, () => {
  const coverage = new Coverage();
  const model = new Model();

  it(
    "leave no bug, no answer without a code, and every room as a model has it",
    async () => {
      const routes = routesOf(cluster.app);
      // SDP has a fuzzer of its own. RTP's publishers are in no lane's model, and no broadcast of a lane is packaged for HLS.
      const apart = /\/(wh[ie]p|hls|ingests|egresses)(\/|$)/;
      const shared = routes.filter(
        ({ operationId, path }) => !/^(un)?drainNode$/.test(operationId) && !apart.test(path),
      );
      const lanes = Array.from({ length: LANES }, (_, index) =>
        runLane({ cluster, model, coverage, seed: SEED * 1_000 + index, index }, shared, INPUTS / LANES),
      );
      const failed = (await Promise.allSettled(lanes)).flatMap((lane) =>
        lane.status === "rejected" ? lane.reason : [],
      );
      console.info(`${coverage.inputs} inputs, ${coverage.parsed} of them parsed\n${coverage.table()}`);
      for (const { message, cause } of failed) console.error(`${message}\n  ${cause}`);
      expect(failed).toEqual([]);
      expect(coverage.inputs).toBeGreaterThanOrEqual(INPUTS);
      expect(coverage.parsed / coverage.inputs).toBeGreaterThanOrEqual(0.5);
      expect({ bugs: cluster.bugs, strays }).toEqual({ bugs: [], strays: [] });
      expect(
        coverage.without(shared.map(({ name }) => name).filter((name) => name !== "GET /v1/connect")),
      ).toEqual([]);
      expect(coverage.without(Object.keys(COMMANDS).map((name) => `command ${name}`))).toEqual([]);
      expect(
        coverage.without(TICKET_KINDS.filter((kind) => kind.startsWith("valid")).map((k) => `ticket ${k}`)),
      ).toEqual([]);
      expect(
        coverage.without(["join", "resume", "command", "ack", "ping"].map((type) => `frame ${type}`)),
      ).toEqual([]);
      expect(coverage.without(SSE_POSITIONS.slice(0, 2).map((kind) => `SSE position ${kind}`))).toEqual([]);
      const refused = SSE_POSITIONS.slice(3).map((kind) => `SSE position ${kind}`);
      expect(coverage.without(refused)).toEqual(refused);
    },
    120_000 + INPUTS * 5,
  );
});
