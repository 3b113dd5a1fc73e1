import { FairleadError } from "@fairlead/protocol";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { callerOf } from "../http/caller.ts";
import { callRtp, openRtpIngest } from "../rtp/call-rtp.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import {
  closeEgress,
  closeIngest,
  listEgresses,
  listIngests,
  openEgress,
  openIngest,
  readEgress,
  readIngest,
} from "./rtp-operations.ts";

/** RTP of encoders and recorders. All of it lives at the room's home. */
export function addRtpRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  addIngestRoutes(app, shared);
  addEgressRoutes(app, shared);
}

function addIngestRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  app.openapi(openIngest, async (c) => {
    const { room: roomId } = c.req.valid("param");
    const isWanted = () => !c.req.raw.signal.aborted;
    const request = { roomId, ingest: c.req.valid("json"), isWanted };
    return c.json(await openRtpIngest(callerOf(shared, c), request), 201);
  });

  app.openapi(listIngests, async (c) =>
    c.json(await callRtp(callerOf(shared, c), "rtp_ingest.list", c.req.valid("param").room, {}), 200),
  );

  app.openapi(readIngest, async (c) => {
    const { room, ingest: ingestId } = c.req.valid("param");
    const { ingests } = await callRtp(callerOf(shared, c), "rtp_ingest.list", room, {});
    const found = ingests.find((ingest) => ingest.ingestId === ingestId);
    if (!found) throw new FairleadError("ingest_not_found");
    return c.json(found, 200);
  });

  app.openapi(closeIngest, async (c) => {
    const { room, ingest: ingestId } = c.req.valid("param");
    const caller = callerOf(shared, c);
    await callRtp(caller, "rtp_ingest.close", room, { ingestId });
    caller.log.info("rtp_ingest.closed", { roomId: room, ingestId });
    return c.body(null, 204);
  });
}

function addEgressRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  app.openapi(openEgress, async (c) => {
    const { room } = c.req.valid("param");
    const caller = callerOf(shared, c);
    const opened = await callRtp(caller, "rtp_egress.open", room, { egress: c.req.valid("json") });
    const { egressId, receiverAddress } = opened;
    caller.log.info("rtp_egress.opened", { roomId: room, egressId, receiverAddress });
    if (c.req.raw.signal.aborted)
      await callRtp(caller, "rtp_egress.close", room, { egressId }).catch(() => {});
    return c.json(opened, 201);
  });

  app.openapi(listEgresses, async (c) =>
    c.json(await callRtp(callerOf(shared, c), "rtp_egress.list", c.req.valid("param").room, {}), 200),
  );

  app.openapi(readEgress, async (c) => {
    const { room, egress: egressId } = c.req.valid("param");
    const { egresses } = await callRtp(callerOf(shared, c), "rtp_egress.list", room, {});
    const found = egresses.find((egress) => egress.egressId === egressId);
    if (!found) throw new FairleadError("egress_not_found");
    return c.json(found, 200);
  });

  app.openapi(closeEgress, async (c) => {
    const { room, egress: egressId } = c.req.valid("param");
    const caller = callerOf(shared, c);
    await callRtp(caller, "rtp_egress.close", room, { egressId });
    caller.log.info("rtp_egress.closed", { roomId: room, egressId });
    return c.body(null, 204);
  });
}
