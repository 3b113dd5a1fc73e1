import { runAbuseBench } from "./abuse/abuse-bench.ts";
import { runAutoscaleBench } from "./autoscale/autoscale-bench.ts";
import { runBigRoomBench } from "./big-room/big-room-bench.ts";
import { runBurstBench } from "./burst/burst-bench.ts";
import { runEdgeBench } from "./edge/edge-bench.ts";
import { runFailoverBench } from "./failover/failover-bench.ts";
import { runHlsBench } from "./hls/hls-bench.ts";
import { runIdleBench } from "./idle/idle-bench.ts";
import { runJoinBench } from "./join/join-bench.ts";
import { runManyRoomsBench } from "./many-rooms/many-rooms-bench.ts";
import { runMetricsBench } from "./metrics/metrics-bench.ts";
import { runMoveBench } from "./move/move-bench.ts";
import { runPlacementBench } from "./placement/placement-bench.ts";
import { runRecoveryBench } from "./recovery/recovery-bench.ts";
import { runRegistryRecoveryBench } from "./registry-recovery/registry-recovery-bench.ts";
import { runRtmpBench } from "./rtmp/rtmp-bench.ts";
import { runSaturationBench } from "./saturation/saturation-bench.ts";
import { runSignalingBench } from "./signaling/signaling-bench.ts";
import { runSpanBench } from "./span/span-bench.ts";
import { runWhepBench } from "./whep/whep-bench.ts";

type Bench = { about: string; run: (args: string[]) => Promise<Record<string, unknown>> };

const BENCHES: Record<string, Bench> = {
  burst: {
    about: "rooms that all come at once: the fullest core, against an ideal packing",
    run: runBurstBench,
  },
  "big-room": {
    about: "CPU of one more peer in rooms of up to 1,000, beside a minimal server",
    run: runBigRoomBench,
  },
  join: { about: "a join beside its parts alone, and a browser's first frame", run: runJoinBench },
  saturation: { about: "does a worker's CPU share predict when it loses packets", run: runSaturationBench },
  idle: {
    about: "`npm start` while nothing happens: CPU, and memory of rooms of one peer",
    run: runIdleBench,
  },
  recovery: { about: "from a worker's death to decoded frames, ten peers at once", run: runRecoveryBench },
  placement: {
    about: "placing rooms while 10, 1,000 and 10,000 nodes beat on a real Redis",
    run: runPlacementBench,
  },
  move: {
    about: "a drain as it is heard and seen; rooms of four that a drain moves in 20 s",
    run: runMoveBench,
  },
  failover: { about: "from a node's death, of several kinds, to decoded frames", run: runFailoverBench },
  edge: { about: "signaling on Node, workerd, Bun and Deno; the Worker's bundle", run: runEdgeBench },
  autoscale: {
    about: "nodes come and go with a load that rises, falls and rises again in a drain",
    run: runAutoscaleBench,
  },
  "registry-recovery": {
    about: "from a stall of Redis, under up to 240,000 leases, to joins that succeed",
    run: runRegistryRecoveryBench,
  },
  "many-rooms": {
    about: "1,000 rooms of one peer in a minute; 400 rooms on a killed worker",
    run: runManyRoomsBench,
  },
  abuse: {
    about: "one peer with one ticket does its worst; commands of another room meanwhile",
    run: runAbuseBench,
  },
  span: {
    about: "a room on two cores beside one on a single core: CPU, latency, key frames, capacity",
    run: runSpanBench,
  },
  hls: {
    about: "RTMP in, HLS out, beside nginx: the first playlist, the age of pictures, CPU",
    run: runHlsBench,
  },
  rtmp: {
    about: "RTMP in, WebRTC out: the age of pictures, CPU of a publisher, its home killed",
    run: runRtmpBench,
  },
  whep: {
    about: "200 viewers come by WHEP: first packet, first frame, CPU beside mediasoup alone",
    run: runWhepBench,
  },
  metrics: {
    about: "a cluster with metrics, scraped, beside one without: CPU of a join, of a forwarded packet",
    run: runMetricsBench,
  },
  signaling: { about: "a signaling process: joins, commands, idle sockets", run: runSignalingBench },
};

const LIST = Object.entries(BENCHES)
  .map(([name, { about }]) => `  ${name.padEnd(20)}${about}`)
  .join("\n");

const [name, ...args] = process.argv.slice(2);
const bench = name !== undefined && Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (bench) {
  const result = await bench.run(args);
  console.log(JSON.stringify({ bench: name, ...result }));
} else if (name === undefined) {
  console.log(`Usage: npm run bench -- NAME [options]\n${LIST}`);
} else {
  console.error(`There is no bench "${name}". There are:\n${LIST}`);
  process.exitCode = 2;
}
